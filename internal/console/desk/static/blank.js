// Esc twice hides everything at once. Any key shows it again, if the server still
// knows who is signed in.

const twice = 700;

export function blankByEscape(gone) {
  const cover = document.getElementById("blank");
  const title = document.title;
  let last = 0;
  const hide = () => {
    for (const open of document.querySelectorAll("[popover]:popover-open")) open.hidePopover();
    cover.hidden = false;
    cover.focus();
    document.title = "…";
    for (const other of document.body.children) if (other !== cover) other.inert = other !== cover.closest("main");
    for (const other of cover.parentElement.children) if (other !== cover) other.inert = true;
  };
  const show = async () => {
    const answer = await fetch("/me", { headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.status === 401) gone();
    if (!answer?.ok && answer?.status !== 401) return;
    cover.hidden = true;
    document.title = title;
    for (const other of document.querySelectorAll("[inert]")) other.inert = false;
  };
  addEventListener("keydown", (event) => {
    if (!cover.hidden) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key !== "Escape" && !event.repeat) show();
      return;
    }
    if (event.key !== "Escape" || event.repeat) return;
    const now = event.timeStamp;
    if (now - last < twice) hide();
    last = now;
  }, { capture: true });
  cover.addEventListener("click", show);
}
