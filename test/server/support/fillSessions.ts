/**
 * Other people's sessions, at once: the statement that puts those from `first` to `last` into the table. Both databases understand
 * it.
 */
export const fillSessions = (first: number, last: number): string => `
  insert into auth_sessions (id, subject_id, session_number, transport, secret, counter, previous_counter, rotated_at,
    repeated_at, credential_version, created_at, authenticated_at, last_refreshed_at, expires_at, absolute_expires_at,
    replaces, user_agent)
  with recursive n(i) as (select ${first} union all select i + 1 from n where i < ${last})
  select 'filler-' || i, 'somebody-' || (i / 3), i, 'body', '${"A".repeat(43)}', 1, 0, 0,
    0, 1, 1, 1, 1, 9000000000000, 9000000000000, '', 'Benchmark' from n`;
