import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider } from "stay-signed-in";
import { AuthDevtools } from "stay-signed-in/devtools";
import { App } from "./App.tsx";
import { auth, queryClient } from "./auth.ts";
import { NoteAdoptionProvider } from "./NoteAdoption.tsx";
import "./styles.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root.");

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <AuthProvider client={auth}>
        <NoteAdoptionProvider>
          <App />
        </NoteAdoptionProvider>
        {/* Here to be seen by whoever starts the built example; an app of yours leaves showInProduction out. */}
        <AuthDevtools showInProduction />
      </AuthProvider>
    </QueryClientProvider>
  </StrictMode>,
);
