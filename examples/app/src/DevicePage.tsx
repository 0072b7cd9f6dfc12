import { useMutation } from "@tanstack/react-query";
import { isAxiosError } from "axios";
import { type FormEvent, useId, useRef, useState } from "react";
import { useAuth } from "stay-signed-in";
import { api } from "./auth.ts";
import { usePage } from "./usePage.ts";

interface DeviceRequest {
  client_name: string;
  created_at: string;
  address: string;
  user_agent: string | null;
}

const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** Approves the sign-in of a command line or another device (RFC 8628 §3.3). Looks first, asks, and acts only on a click. */
export function DevicePage() {
  const isGuest = useAuth((auth) => auth.status === "authenticated" && auth.identity.isGuest);
  const [code, setCode] = useState(() => new URLSearchParams(location.search).get("user_code") ?? "");
  const [password, setPassword] = useState("");
  const codeField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const warningId = useId();
  const problemId = useId();
  const lookup = useMutation({
    mutationFn: async (user_code: string) =>
      (await api.post<DeviceRequest>("/v1/auth/device/lookup", { user_code })).data,
  });
  const answer = useMutation({
    mutationFn: async (verdict: "approve" | "deny") => {
      // A script that got into the page has a token as well, but not the password: the server asks for it every time.
      await api.post(`/v1/auth/device/${verdict}`, { user_code: code, ...(verdict === "approve" && { password }) });
      return verdict;
    },
  });

  if (isGuest) {
    return (
      <DeviceCard title="Approve a device">
        <p>Guests cannot approve devices. Make an account first, with “Keep my notes” above.</p>
        <p>
          <a href="/">Back to your notes</a>
        </p>
      </DeviceCard>
    );
  }
  if (answer.isSuccess) {
    return (
      <DeviceCard title={answer.data === "approve" ? "Approved" : "Refused"}>
        <p role="status">
          {answer.data === "approve"
            ? "The device is signed in as you within a few seconds. You can close this page."
            : "The device was not signed in."}
        </p>
        <p>
          <a href="/">Back to your notes</a>
        </p>
      </DeviceCard>
    );
  }
  if (lookup.isSuccess) {
    const { client_name: clientName, created_at: createdAt, address, user_agent: userAgent } = lookup.data;
    return (
      <DeviceCard title={`Sign in ${clientName}?`}>
        <p className="user-code">{code.toUpperCase()}</p>
        <p id={warningId}>
          Approve only if this very code is on a screen of your own, and you asked for it a moment ago. Whoever shows it
          will be signed in as you.
        </p>
        <dl className="facts">
          <dt>Asked at</dt>
          <dd>{timeFormat.format(new Date(createdAt))}</dd>
          <dt>From</dt>
          <dd>{address}</dd>
          <dt>Program</dt>
          <dd>{userAgent ?? "unknown"}</dd>
        </dl>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            if (!answer.isPending) answer.mutate("approve", { onError: () => passwordField.current?.focus() });
          }}
        >
          <label>
            Your password
            <input
              ref={passwordField}
              type="password"
              aria-describedby={`${problemId} ${warningId}`}
              autoComplete="current-password"
              autoFocus
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          <p id={problemId} className="problem" role="alert">
            {explainDevice(answer.error)}
          </p>
          <div className="form-foot">
            <button
              type="button"
              className="plain"
              aria-disabled={answer.isPending}
              onClick={() => answer.isPending || answer.mutate("deny")}
            >
              Refuse
            </button>
            <button className="primary" type="submit" aria-disabled={answer.isPending}>
              Approve
            </button>
          </div>
        </form>
      </DeviceCard>
    );
  }

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!lookup.isPending) lookup.mutate(code, { onError: () => codeField.current?.focus() });
  };
  return (
    <DeviceCard title="Approve a device">
      <p>Type the code that the command line or the other device shows.</p>
      <form className="form" onSubmit={submit}>
        <label>
          Code
          <input
            ref={codeField}
            className="code-input"
            aria-describedby={problemId}
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            placeholder="XXXX-XXXX"
            autoFocus
            required
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        <p id={problemId} className="problem" role="alert">
          {explainDevice(lookup.error)}
        </p>
        <button className="primary" type="submit" aria-disabled={lookup.isPending}>
          Continue
        </button>
      </form>
    </DeviceCard>
  );
}

function DeviceCard({ title, children }: { title: string; children: React.ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  usePage(title, heading);
  return (
    <section className="card device" aria-labelledby="device-title">
      <h1 id="device-title" ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </section>
  );
}

function codeOf(error: unknown): string | undefined {
  if (!isAxiosError(error)) return undefined;
  const body: unknown = error.response?.data;
  if (typeof body !== "object" || body === null || !("detail" in body)) return undefined;
  return typeof body.detail === "string" ? body.detail : undefined;
}

function explainDevice(error: unknown): string {
  if (error === null) return "";
  switch (codeOf(error)) {
    case "REAUTHENTICATION_REQUIRED":
      return "The password is wrong.";
    case "DEVICE_CODE_UNKNOWN":
      return "There is no such code. Codes can be used once.";
    case "DEVICE_CODE_EXPIRED":
      return "This code has expired. Ask for a new one.";
    case "RATE_LIMITED":
      return "Too many attempts. Please wait ten minutes.";
    default:
      return "That did not work. Please try again.";
  }
}
