// What a page needs of the server: what it pushes, and how wishes are sent.
// Nothing here decides anything, and nothing is kept but in this page's memory.

// A stream that is silent so long is taken for lost, and opened anew: the server
// beats every second. A connection that the network has swallowed says nothing.
const silence = 2500;
const retry = 700;

// live follows a stream. On maps the names of views to functions that are given
// the whole view each time it changed; say is told "opened", "live", "lost" and
// "ended"; if it answers the last with false, the page stays, for it may hold
// what was not kept yet. It returns a function that ends it.
export function live(address, on, say = () => {}) {
  let source = null;
  let heard = Date.now();
  let state = "";
  let over = false;
  const tell = (next) => {
    if (next === state) return undefined;
    state = next;
    return say(next);
  };
  const hear = () => {
    heard = Date.now();
    tell("live");
  };
  const open = () => {
    if (over) return;
    if (source) source.close();
    heard = Date.now();
    source = new EventSource(address);
    source.addEventListener("beat", hear);
    source.addEventListener("end", () => {
      stop();
      if (tell("ended") !== false) ended();
    });
    for (const [name, show] of Object.entries(on)) {
      source.addEventListener(name, (event) => {
        hear();
        show(JSON.parse(event.data));
      });
    }
    source.onerror = async () => {
      tell("lost");
      if (source.readyState === EventSource.CLOSED && !over) await refused();
    };
  };
  // The server answered, but with no stream: either it is not ready, or nobody is
  // signed in any more.
  const refused = async () => {
    try {
      const answer = await fetch("/me", { headers: { Accept: "application/json" } });
      if (answer.status === 401) {
        stop();
        if (tell("ended") !== false) ended();
      }
    } catch {
      // no connection: the watch below tries again
    }
  };
  const watch = setInterval(() => {
    const lost = Date.now() - heard > silence;
    if (lost) tell("lost");
    if (lost || (source && source.readyState === EventSource.CLOSED)) open();
  }, retry);
  // A page that was hidden or slept may have missed the watch.
  const awake = () => {
    if (document.visibilityState === "visible" && Date.now() - heard > silence) open();
  };
  document.addEventListener("visibilitychange", awake);
  addEventListener("online", open);
  addEventListener("pageshow", awake);
  const stop = () => {
    over = true;
    clearInterval(watch);
    document.removeEventListener("visibilitychange", awake);
    removeEventListener("online", open);
    removeEventListener("pageshow", awake);
    if (source) source.close();
  };
  tell("opened");
  open();
  return stop;
}

function ended() {
  location.assign("/login");
}

// Refused is a no of the server: word for programs, message for people.
export class Refused extends Error {
  constructor(status, word, text) {
    super(text);
    this.status = status;
    this.word = word;
  }
}

// send posts a wish as JSON and returns the answer, or throws Refused. What is
// sent to /api/ carries a key, so that it may be sent again.
export async function send(address, body = {}, key = crypto.randomUUID()) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (address.startsWith("/api/")) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
  } catch {
    throw new Refused(0, "lost", text("console.live.lost"));
  }
  const value = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, value.refused ?? value.type ?? "", value.text ?? value.reason ?? "");
  return value;
}

// texts are what the page put into <script type="application/json" id="texts">.
const texts = JSON.parse(document.getElementById("texts")?.textContent ?? "{}");

// text is a text of the page, by its key; %s and %d take arguments.
export function text(key, ...args) {
  let at = 0;
  return (texts[key] ?? key).replace(/%[sd]/g, () => args[at++] ?? "");
}

// showState writes the state of the connection into the frame's place for it.
export function showState(state) {
  const place = document.getElementById("live");
  if (!place) return;
  place.dataset.state = state;
  place.textContent = text("console.live." + state);
}

// Whoever types or points is here: told once a minute, so that a session does not
// go idle under her hands.
let told = Date.now();
for (const kind of ["keydown", "pointerdown"]) {
  addEventListener(kind, () => {
    if (Date.now() - told < 60000) return;
    told = Date.now();
    fetch("/here", { method: "POST" }).catch(() => {});
  }, { passive: true });
}
