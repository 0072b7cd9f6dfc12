import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  isOpen: boolean;
  title: string;
  /** Left out: the dialog stays until its question is answered. */
  onClose?: () => void;
  children: ReactNode;
}

/** The browser's own modal dialog: it keeps the focus inside, makes the page behind it inert and gives the focus back. */
export function Dialog({ isOpen, title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    if (!isOpen) {
      dialog.current?.close();
      return;
    }
    dialog.current?.showModal();
    // The browser would choose the button that closes it.
    dialog.current?.querySelector<HTMLElement>("input:not([readonly])")?.focus();
  }, [isOpen]);

  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={titleId}
      // Chromium closes at the second Escape whatever `cancel` is answered, so the key itself is taken.
      onKeyDown={(event) => {
        if (event.key === "Escape" && !onClose) event.preventDefault();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      // On a phone the back gesture may close it all the same. The event comes late: it may have been opened again meanwhile.
      onClose={() => isOpen && !dialog.current?.open && (onClose ? onClose() : dialog.current?.showModal())}
    >
      {isOpen && (
        <>
          <div className="dialog-head">
            <h2 id={titleId}>{title}</h2>
            {onClose && (
              <button type="button" className="plain icon" aria-label="Close" onClick={onClose}>
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                  <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />
                </svg>
              </button>
            )}
          </div>
          {children}
        </>
      )}
    </dialog>
  );
}
