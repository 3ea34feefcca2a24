// The floor: shows what is pushed, and sends wishes. The server says what becomes
// of them; a refusal is shown in its words.
import { Refused, live, send, showState, text } from "../console/live.js";

const el = (id) => document.getElementById(id);
const page = JSON.parse(el("page").textContent);
const say = (prefix, word) => {
  const key = `super.${prefix}.${word}`;
  const t = text(key);
  return t === key ? word : t;
};
function make(tag, content, className) {
  const node = document.createElement(tag);
  if (content !== undefined) node.textContent = content;
  if (className) node.className = className;
  return node;
}
let seats = { agents: [], waiting: [] };

const ago = (since) => {
  const s = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  const h = Math.floor(s / 3600);
  const rest = `${String(Math.floor((s % 3600) / 60)).padStart(h ? 2 : 1, "0")}:${String(s % 60).padStart(2, "0")}`;
  return h ? `${h}:${rest}` : rest;
};
function since(at) {
  const td = make("td", ago(at), "n");
  td.dataset.since = at;
  return td;
}
setInterval(() => {
  for (const node of document.querySelectorAll("[data-since]")) node.textContent = ago(node.dataset.since);
}, 1000);

function marks(words) {
  const td = document.createElement("td");
  for (const [word, state] of words) {
    const span = make("span", text(`super.live.${word}`), "mark");
    span.dataset.state = state;
    td.append(span, " ");
  }
  return td;
}

// acts are a row's buttons; the label names whom it is about, for whoever listens
// to the page.
function acts(list, about) {
  const td = make("td", undefined, "acts");
  if (!page.acts) return td;
  for (const [word, run, off] of list) {
    const button = make("button", text(`super.live.${word}`), "quiet");
    button.type = "button";
    button.setAttribute("aria-label", `${text(`super.live.${word}`)}: ${about}`);
    button.dataset.act = word;
    if (off) {
      button.disabled = true;
      button.title = text(`super.live.${off}`);
    }
    button.addEventListener("click", run);
    td.append(button, " ");
  }
  return td;
}

function waiter(w) {
  const tr = document.createElement("tr");
  tr.dataset.row = w.id;
  if (w.crisis) tr.className = "crisis";
  tr.append(make("td", w.ringsAt ? `→ ${w.ringsAt}` : w.position), make("td", say("category", w.category)), make("td", w.language ?? ""), since(w.since));
  tr.append(marks([w.crisis && ["crisis", "bad"], w.silent && ["silent", "bad"], w.again && ["again", "warn"], w.pool === "male-officers" && ["officers", "plain"]].filter(Boolean)));
  tr.append(acts([["pull", () => pull(w)], ["move", () => move(w)]], say("category", w.category)));
  return tr;
}

function is(a) {
  return [a.officer && "officer", a.counsellor && "counsellor", a.senior && "senior"].filter(Boolean).map((w) => text(`super.live.${w}`)).join(", ");
}

function seat(a) {
  const tr = document.createElement("tr");
  tr.dataset.row = a.id;
  tr.dataset.doing = a.doing;
  const head = make("th", a.id);
  head.scope = "row";
  tr.append(head, make("td", page.names[a.id] ?? ""), make("td", is(a)));
  tr.append(make("td", say("doing", a.doing) + (a.reason ? `: ${say("reason", a.reason)}` : ""), "doing"), since(a.since));
  const c = a.call;
  tr.append(make("td", c ? `${c.outbound ? say("kind", c.category) : say("category", c.category)}${c.language ? ` · ${c.language}` : ""}` : ""));
  tr.append(marks([c?.alarm && ["alarm", "bad"], c?.crisis && ["crisis", "bad"], a.unreachable && ["unreachable", "bad"], a.locked && ["locked", "warn"], a.breakDue && ["break-due", "warn"], a.heavy >= 3 && ["laden", "warn"]].filter(Boolean)));
  const list = [];
  if (c?.live && a.id !== page.seat) {
    const off = page.seat ? (c.lawful ? "" : "law") : "no-seat";
    for (const word of ["listen", "whisper", "barge", "take-over"]) list.push([word, () => join(word, a), off]);
  }
  if (a.id !== page.seat) list.push(["force", () => force(a)]);
  tr.append(acts(list, a.id));
  return tr;
}

// replace puts new rows in place without taking the focus from a button in them.
function replace(body, rows) {
  const held = document.activeElement?.closest("tr")?.dataset.row;
  const act = document.activeElement?.dataset.act;
  const inside = body.contains(document.activeElement);
  body.replaceChildren(...rows);
  if (inside && held) body.querySelector(`tr[data-row="${CSS.escape(held)}"] button[data-act="${act}"]`)?.focus();
}

function show(next) {
  seats = next;
  const wanted = el("filter").value;
  replace(el("waiting"), seats.waiting.map(waiter));
  el("waiting-count").textContent = `(${seats.waiting.length})`;
  el("nobody-waits").hidden = seats.waiting.length > 0;
  const some = seats.agents.filter((a) => (wanted ? a.doing === wanted : a.doing !== "logged-out"));
  replace(el("agents"), some.map(seat));
  el("agents-count").textContent = `(${some.length})`;
  const calling = seats.agents.filter((a) => a.call?.alarm).map(named);
  const help = el("help");
  const words = calling.length ? text("super.live.help", calling.join(", ")) : "";
  if (help.textContent !== words) help.textContent = words;
  help.hidden = !calling.length;
  const me = seats.agents.find((a) => a.id === page.seat);
  el("leave").hidden = !(page.acts && me && me.doing === "talking" && !me.call?.hers);
}
el("filter").addEventListener("change", () => show(seats));

function answer(words, state) {
  const place = el("answer");
  place.hidden = false;
  place.dataset.state = state;
  place.textContent = words;
}

async function wish(body, done) {
  try {
    await send("/floor/orders", { key: crypto.randomUUID(), ...body });
    answer(done, "good");
  } catch (no) {
    if (!(no instanceof Refused)) throw no;
    answer(no.message, "bad");
  }
}

// ask shows the question and what must be chosen; it gives what was chosen, or
// nothing.
function ask(title, words, part) {
  const box = el("ask");
  el("ask-title").textContent = title;
  el("ask-text").textContent = words;
  for (const one of ["pull", "move", "force"]) el(`ask-${one}`).hidden = one !== part;
  box.returnValue = "no";
  box.showModal();
  return new Promise((tell) => {
    box.addEventListener("close", () => tell(box.returnValue === "yes"), { once: true });
  });
}

const named = (a) => `${a.id}${page.names[a.id] ? ` (${page.names[a.id]})` : ""}`;

async function join(word, a) {
  const title = `${text(`super.live.${word}`)}: ${named(a)}`;
  if (await ask(title, text(`super.live.${word}.means`))) await wish({ what: word, agent: a.id, call: a.call.id }, text("super.live.phone-rings"));
}
async function force(a) {
  if (!(await ask(`${text("super.live.force")}: ${named(a)}`, text("super.live.force.means"), "force"))) return;
  const [status, reason] = el("force-status").value.split(":");
  await wish({ what: "force", agent: a.id, status, reason: reason ?? "" }, text("super.live.done"));
}
async function pull(w) {
  const free = seats.agents.filter((a) => a.doing === "idle");
  el("pull-agent").replaceChildren(...free.map((a) => {
    const option = make("option", named(a));
    option.value = a.id;
    return option;
  }));
  if (!free.length) return answer(text("super.live.nobody-free"), "bad");
  if (await ask(text("super.live.pull"), say("category", w.category), "pull")) await wish({ what: "pull", call: w.id, agent: el("pull-agent").value }, text("super.live.done"));
}
async function move(w) {
  el("move-category").value = w.category;
  if (await ask(text("super.live.move"), say("category", w.category), "move")) await wish({ what: "move", call: w.id, category: el("move-category").value }, text("super.live.done"));
}
el("leave").addEventListener("click", () => wish({ what: "leave" }, text("super.live.done")));

live("/floor/live", { seats: show }, showState);
