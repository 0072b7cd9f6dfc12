import { useQuery } from "@tanstack/react-query";
import { api } from "./auth.ts";
import { momentFormat } from "./momentFormat.ts";

interface Notice {
  type: keyof typeof sentences;
  at: number;
  device: string | null;
  address: string | null;
}

const sentences = {
  newDevice: "Somebody signed in on a new device",
  passwordChanged: "Your password was changed",
  reuseDetected: "A session was used from two places, and was ended",
  graceRepeatElsewhere: "A session moved to another network",
};

/** What this person was told about their account lately. */
export function NoticeList() {
  const { data: notices = [] } = useQuery({
    queryKey: ["notices"],
    queryFn: async ({ signal }) => (await api.get<Notice[]>("/api/notices", { signal })).data,
  });
  if (notices.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="notices-title">
      <h2 id="notices-title">Lately</h2>
      <ul className="session-list">
        {notices.map(({ type, at, device, address }) => (
          <li key={`${type} ${at}`}>
            <div>
              <span className="session-name">{sentences[type]}</span>
              <span className="hint">
                {[momentFormat.format(new Date(at)), device, address && `near ${address}`]
                  .filter((part) => part !== null)
                  .join(", ")}
              </span>
            </div>
          </li>
        ))}
      </ul>
      <p className="hint">That was not you? Change your password: it ends every other session.</p>
    </section>
  );
}
