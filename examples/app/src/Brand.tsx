export function Brand() {
  return (
    <a className="brand" href="/">
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <rect x="5" y="3" width="22" height="26" rx="4" className="brand-cover" />
        <path d="M11 3v26" className="brand-spine" />
        <path d="M15.5 11h7M15.5 16h7M15.5 21h4" className="brand-lines" />
      </svg>
      Notebook
    </a>
  );
}
