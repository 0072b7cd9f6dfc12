import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "./auth.ts";

export interface Note {
  id: string;
  text: string;
  updatedAt: number;
}

const queryKey = ["notes"];

// The key names no user: bindQueryClient empties the cache before anybody else can see it.
export function useNotes() {
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await api.get<Note[]>("/api/notes", { signal })).data,
  });
}

export function useAddNote() {
  const refetch = useRefetch();
  return useMutation({
    mutationFn: async (text: string) => (await api.post<Note>("/api/notes", { text })).data,
    onSuccess: refetch,
  });
}

export function useChangeNote() {
  const refetch = useRefetch();
  return useMutation({
    mutationFn: async ({ id, text }: Pick<Note, "id" | "text">) =>
      (await api.put<Note>(`/api/notes/${encodeURIComponent(id)}`, { text })).data,
    onSuccess: refetch,
  });
}

export function useRemoveNote() {
  const refetch = useRefetch();
  return useMutation({
    mutationFn: async (id: string) => {
      await api.delete(`/api/notes/${encodeURIComponent(id)}`);
    },
    onSuccess: refetch,
  });
}

/** Asks anew, whatever is under way: an answer to the first question of all would otherwise be shared, and be too old. */
export async function refetchNotes(queryClient: QueryClient): Promise<void> {
  await queryClient.cancelQueries({ queryKey });
  await queryClient.invalidateQueries({ queryKey });
}

function useRefetch() {
  const queryClient = useQueryClient();
  return () => void refetchNotes(queryClient);
}
