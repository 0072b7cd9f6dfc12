import { startAuthentication, startRegistration } from "@simplewebauthn/browser";
import { createAuthClient, isSignInChallenge, type SignInChallenge, type SignInResult } from "stay-signed-in/client";
import { authorizeFetch } from "stay-signed-in/fetch";
import { post, RefusedError, tokenOf } from "./ask.ts";

const auth = createAuthClient();
const authorizedFetch = authorizeFetch(auth);
let challenge: SignInChallenge | null = null;

const find = (id: string) => document.querySelector<HTMLElement>(`#${id}`)!;
const fieldOf = (form: HTMLElement, name: string) => form.querySelector<HTMLInputElement>(`[name=${name}]`)!;
const show = (id: string, isShown: boolean) => void (find(id).hidden = !isShown);

auth.subscribe(render);
function render(): void {
  const state = auth.getState();
  show("signed-out", state.status === "unauthenticated");
  show("signed-in", state.status === "authenticated");
  const { amr } = (state.status === "authenticated" && state.identity.claims) || {};
  find("status").textContent =
    state.status === "authenticated"
      ? `Signed in as ${state.identity.subject} by ${Array.isArray(amr) ? amr.join(", ") : "another way"}`
      : state.status === "loading"
        ? "One moment …"
        : "Nobody is signed in";
}

/** Runs what a person asked for, and says what went wrong. */
function on(id: string, event: "click" | "submit", work: (event: SubmitEvent) => Promise<unknown>): void {
  find(id).addEventListener(event, (raised) => {
    raised.preventDefault();
    find("problem").textContent = "";
    work(raised as SubmitEvent).catch((error: unknown) => {
      find("problem").textContent = error instanceof Error ? error.message : String(error);
    });
  });
}

on("password", "submit", async ({ submitter }) => {
  const form = find("password");
  const [email, password] = [fieldOf(form, "email").value, fieldOf(form, "password").value];
  const persistent = fieldOf(form, "persistent").checked;
  const isNew = submitter?.getAttribute("name") === "register";
  follow(
    await (isNew
      ? auth.register({ email, password, persistent })
      : auth.signIn({ username: email, password, persistent })),
  );
});

on("second-factor", "submit", async () => {
  if (challenge !== null) follow(await auth.continueSignIn(challenge, fieldOf(find("second-factor"), "code").value));
});

/** A sign-in has come to an end, or to a question. */
function follow(result: SignInResult): void {
  challenge = isSignInChallenge(result) ? result : null;
  show("second-factor", challenge !== null);
}

on("passkey", "click", async () => {
  const optionsJSON = (await (await post("/passkeys/sign-in/options")).json()) as never;
  const passkey = await startAuthentication({ optionsJSON });
  await auth.signInWith(async (call) => tokenOf(await post("/passkeys/sign-in", passkey, call)));
});

on("email", "submit", async () => {
  await post("/sign-in/code", { email: fieldOf(find("email"), "email").value });
  show("email-code", true);
});

on("email-code", "submit", async () => {
  const code = fieldOf(find("email-code"), "code").value;
  await auth.signInWith(async (call) => tokenOf(await post("/sign-in/code/answer", { code }, call)));
  show("email-code", false);
});

on("sign-out", "click", () => auth.signOut());

on("add-passkey", "click", async () => {
  const response = await post("/passkeys/options", {}, { fetch: authorizedFetch });
  const optionsJSON = (await response.json()) as never;
  await post("/passkeys", await startRegistration({ optionsJSON }), { fetch: authorizedFetch });
  find("problem").textContent = "The passkey was added.";
});

on("add-totp", "click", async () => {
  const response = await post("/totp", {}, { fetch: authorizedFetch });
  find("totp-uri").textContent = ((await response.json()) as { uri: string }).uri;
  show("confirm-totp", true);
});

on("confirm-totp", "submit", async () => {
  const code = fieldOf(find("confirm-totp"), "code").value;
  await post("/totp/confirm", { code }, { fetch: authorizedFetch });
  show("confirm-totp", false);
});

on("secret", "click", async () => {
  const response = await authorizedFetch("/secret");
  if (response.status === 401) throw new RefusedError("This needs a second factor.");
  find("secret-text").textContent = ((await response.json()) as { secret: string }).secret;
});

const query = new URLSearchParams(location.search);
if (query.size > 0) history.replaceState(null, "", "/");
if (query.has("failed")) find("problem").textContent = "That did not work. Try again.";
auth.start();
// A route of the server has begun a session and led here: whoever was known before, it is this one now.
if (query.has("adopt")) await auth.adopt();
render();
