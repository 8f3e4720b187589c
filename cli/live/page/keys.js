// Shortcuts of one key, which leave alone what is typed, and what a control does with that key itself.

// acts: what to do, by key.
export function listenToKeys(acts) {
  addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), select")) return;
    // Space presses the button that has the focus.
    if (event.key === " " && event.target.closest("button, summary")) return;
    const act = acts[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
