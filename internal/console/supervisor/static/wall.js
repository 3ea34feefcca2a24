// The wallboard: shows what is pushed. Nothing here decides anything.
import { live, showState, text } from "../console/live.js";

const el = (id) => document.getElementById(id);
const say = (prefix, word) => {
  const key = `super.${prefix}.${word}`;
  const t = text(key);
  return t === key ? word : t;
};
const set = (name, value) => {
  for (const place of document.querySelectorAll(`[data-of="${name}"]`)) if (place.textContent !== String(value)) place.textContent = value;
};
const mark = (id, state) => {
  const place = el(id);
  if (place) place.dataset.state = state;
};
const length = (seconds) => {
  const s = Math.max(0, Math.floor(seconds));
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
};
const percent = (share) => (share === undefined ? "–" : `${(100 * share).toFixed(1)}\u00a0%`);

function make(tag, content, className) {
  const node = document.createElement(tag);
  if (content !== undefined) node.textContent = content;
  if (className) node.className = className;
  return node;
}

function board(b) {
  set("waiting", b.waiting);
  set("oldest", b.waiting ? length(b.oldest) : "–");
  mark("t-waiting", b.oldest > 60 ? "bad" : b.oldest > 20 ? "warn" : "good");
  mark("t-oldest", b.oldest > 60 ? "bad" : b.oldest > 20 ? "warn" : "good");
  set("talking", b.talking);
  set("beside", text("super.live.beside", b.greeting, b.ringing, b.speaking));
  el("classes").replaceChildren(...b.classes.map(row));
  el("staff").replaceChildren(...staff(b.staff));
  alarms(b.alarms);
}

function row(c) {
  const tr = document.createElement("tr");
  if (c.crisis) tr.className = "crisis";
  const head = make("th", say("category", c.category));
  head.scope = "row";
  tr.append(head);
  c.ages.forEach((n, i) => {
    const td = make("td", n || "·", "n");
    if (n) td.dataset.state = i >= 2 ? "bad" : i === 1 ? "warn" : "good";
    tr.append(td);
  });
  tr.append(make("td", c.waiting, "n"), make("td", c.talking, "n"));
  const free = make("td", `${c.free} / ${c.atWork}`, "n");
  if (c.atWork === 0) free.dataset.state = "bad";
  tr.append(free);
  return tr;
}

function staff(s) {
  const line = (word, n, state) => {
    const li = document.createElement("li");
    if (state) li.dataset.state = state;
    li.append(make("span", word), make("b", n));
    return li;
  };
  const out = [];
  for (const state of ["idle", "reserved", "talking", "wrap-up", "recovery", "delayed"]) out.push(line(say("doing", state), s.states[state] ?? 0));
  for (const reason of Object.keys(s.notReady).sort()) out.push(line(`${say("doing", "not-ready")}: ${say("reason", reason)}`, s.notReady[reason]));
  out.push(line(text("super.live.logged-in"), s.loggedIn));
  if (s.unreachable) out.push(line(text("super.live.unreachable"), s.unreachable, "bad"));
  if (s.breakDue) out.push(line(text("super.live.break-due"), s.breakDue, "warn"));
  if (s.laden) out.push(line(text("super.live.laden"), s.laden, "warn"));
  return out;
}

function alarms(all) {
  const list = el("alarms");
  const next = all.length
    ? all.map((a) => {
        const li = make("li", say("alarm", a.name) + (a.of ? `: ${say("category", a.of)}` : ""), a.wake ? "wake" : "morning");
        li.append(make("small", ` ${text("super.live.since")} ${new Date(a.since).toLocaleTimeString("en-GB", { timeZone: "Asia/Kolkata" })}`));
        return li;
      })
    : [make("li", text("super.live.no-alarms"), "calm")];
  // A list that says the same is left alone, so that it is not read aloud again.
  const same = [...list.children].map((n) => n.textContent).join("|") === next.map((n) => n.textContent).join("|");
  if (!same) list.replaceChildren(...next);
}

function today(t) {
  el("stale").hidden = !t.stale;
  for (const [name, f] of [["now", t.now], ["day", t.day]]) {
    set(`level-${name}`, percent(f?.level));
    set(`numbers-${name}`, f ? `${f.inTime} / (${f.answered} + ${f.late})` : "");
    const target = f?.targets?.[0];
    mark(`t-${name}`, f?.level === undefined || !target?.level ? "" : target.met ? "good" : "bad");
  }
  const d = t.day;
  set("asa", d?.asa === undefined ? "–" : `${d.asa.toFixed(1)} s`);
  set("abandoned", d ? text("super.live.abandoned", d.abandoned, d.short) : "");
  el("targets").textContent = (d?.targets ?? []).map((m) => `${m.name}: ${percent(m.level)}`).join(" · ");
  set("late", t.late);
  mark("t-late", t.late > 0 ? "warn" : "good");
  set("due", text("super.live.due", t.due, t.aside));
}

setInterval(() => {
  el("clock").textContent = new Date().toLocaleTimeString("en-GB", { timeZone: "Asia/Kolkata", hour: "2-digit", minute: "2-digit" });
}, 1000);
live("/wall/live", { board, today }, showState);
