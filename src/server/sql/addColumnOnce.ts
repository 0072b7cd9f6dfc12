import type { ColumnDefinitionBuilderCallback, Kysely } from "kysely";

/**
 * Adds a column unless it is there already: on SQLite, which knows no `if not exists` here, another process may be at
 * the same step, or one may have been killed after it.
 */
export async function addColumnOnce(
  database: Kysely<unknown>,
  table: string,
  column: string,
  type: "text" | "integer",
  build: ColumnDefinitionBuilderCallback = (definition) => definition,
): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const tables = await database.introspection.getTables();
    return tables.some(({ name, columns }) => name === table && columns.some((each) => each.name === column));
  };
  if (await isThere()) return;
  try {
    await database.schema.alterTable(table).addColumn(column, type, build).execute();
  } catch (error) {
    if (!(await isThere())) throw error;
  }
}
