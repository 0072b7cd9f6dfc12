import { randomUUID } from "node:crypto";
import Database from "libsql";

export interface Note {
  id: string;
  text: string;
  updatedAt: number;
}

export type NotesStore = ReturnType<typeof createNotesStore>;

const COLUMNS = `id, text, updated_at as "updatedAt"`;

/** Notes in one SQLite file. Every statement names the subject: nobody reads or changes what is not theirs. */
export function createNotesStore(path: string) {
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.exec(`
    create table if not exists notes (
      id text primary key, subject text not null, text text not null, updated_at integer not null
    );
    create index if not exists notes_by_subject on notes (subject, updated_at);
  `);
  const list = database.prepare(`select ${COLUMNS} from notes where subject = ? order by updated_at desc, id`);
  const add = database.prepare(
    `insert into notes (id, subject, text, updated_at) values (?, ?, ?, ?) returning ${COLUMNS}`,
  );
  const change = database.prepare(
    `update notes set text = ?, updated_at = ? where id = ? and subject = ? returning ${COLUMNS}`,
  );
  const remove = database.prepare("delete from notes where id = ? and subject = ?");
  const adopt = database.prepare("update notes set subject = ? where subject = ?");

  return {
    list: (subject: string) => list.all(subject) as Note[],
    add: (subject: string, text: string) => add.get(randomUUID(), subject, text, Date.now()) as Note,
    change: (subject: string, id: string, text: string) =>
      change.get(text, Date.now(), id, subject) as Note | undefined,
    remove: (subject: string, id: string) => {
      remove.run(id, subject);
    },
    adopt: (subject: string, guest: string) => {
      adopt.run(subject, guest);
    },
    close: () => {
      database.close();
    },
  };
}
