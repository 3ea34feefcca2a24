// The desk. The server pushes the whole state of the agent; this page shows it,
// and sends what she wishes. Nothing here decides anything.

import { live, showState, text } from "../console/live.js";
import { Draft } from "./draft.js";
import { blankByEscape } from "./blank.js";

const $ = (id) => document.getElementById(id);
const data = (id) => JSON.parse($(id).textContent);
const kinds = data("kinds");
const scripts = data("scripts");
const language = $("desk").dataset.language;
const form = $("form");
const fields = form instanceof HTMLFormElement ? [...form.elements].filter((field) => field.name) : [];

let state = { agent: {}, drafts: [] }; // as it was pushed last
let ahead = 0; // of the server's clock, before ours
let draft = null; // of the call whose form is shown
const unsafe = new Map(); // drafts of other calls that are not safe yet
let writing = ""; // the earlier call that she writes about, instead of the one in hand
let follow = null; // the case that she calls about
let shown = ""; // the call whose hint and preview were asked for
let task = null; // the preview

// --- What is shown -----------------------------------------------------------

function show(next) {
  state = next;
  showSeat();
  showCall();
  showForm();
  showDrafts();
}

function showSeat() {
  const a = state.agent;
  const off = a.status === "logged-out";
  const at = a.status === "not-ready" && a.state === "idle" ? "not-ready" : a.state;
  $("seat").dataset.state = off && a.state === "idle" ? "logged-out" : at;
  $("seat-status").textContent = text("desk.status." + a.status) + (a.reason ? ` (${word("reason", a.reason)})` : "");
  $("seat-state").textContent = a.state === "idle" && a.status !== "available" ? "" : "· " + text("desk.state." + a.state);
  $("sign-on").hidden = !off;
  for (const id of ["ready", "pause", "done", "more", "sign-off"]) $(id).hidden = off && id !== "done" && id !== "more";
  const after = a.state === "wrap-up" || a.state === "recovery";
  $("done").disabled = $("more").disabled = !after;
  $("ready").disabled = a.status === "available" && !after;
  const trouble = state.away ? "desk.away" : a.locked ? "desk.locked" : !a.online ? "desk.phone-off" : a.elsewhere ? "desk.phone-busy" : "";
  $("trouble").hidden = !trouble;
  $("trouble").textContent = trouble ? text(trouble) : "";
}

// word is what is said of another package's word; itself when nothing is.
function word(of, name) {
  const key = `desk.${of}.${name}`;
  const found = text(key);
  return found === key ? name : found;
}

function showCall() {
  const c = state.call;
  $("no-call").hidden = !!c;
  $("in-call").hidden = !c;
  if (!c) {
    shown = "";
    return;
  }
  put("call-work", text("desk.call." + c.work));
  put("call-category", c.category ? word(isTask(c) ? "kind" : "category", c.category) : "");
  marks(c);
  const note = c.stage === "ended" ? "desk.call.ended" : c.rings ? "desk.call.rings" : "";
  put("call-note", note ? text(note) : "");
  facts($("facts"), [["call.line", c.line], ["call.language", c.language && word("tongue", c.language)]], c);
  $("actions").hidden = c.stage === "ended";
  for (const button of document.querySelectorAll("[data-talk]")) button.disabled = c.stage !== "talking" || c.rings;
  $("hold").hidden = !!c.held;
  $("unhold").hidden = !c.held;
  $("pause-recording").hidden = !!c.paused;
  $("resume-recording").hidden = !c.paused;
  showKeys(c);
  $("closed").hidden = !c.done && !waits(c.id);
  if (c.done) {
    put("closed-what", c.docket ? text("desk.docket") : text("desk.closed", word("disposition", c.done)));
    put("docket", c.docket ?? "");
  } else if (waits(c.id)) {
    put("closed-what", text("desk.form.waits"));
    put("docket", "");
  }
  if (shown !== c.id) {
    shown = c.id;
    ask(c);
  }
}

// waits: she wants the complaint of this call registered, and it will be.
const waits = (id) => state.drafts.some((one) => one.call === id && one.waits);

const isTask = (c) => c.work === "task" || c.work === "call-back";

// put writes a text only if it differs, so that a screen reader says it once.
function put(id, value) {
  const place = $(id);
  if (place.textContent !== value) place.textContent = value;
}

function marks(c) {
  const all = [];
  if (c.crisis) all.push(["desk.call.crisis", "bad"]);
  if (c.silence) all.push(["desk.silence." + c.silence, c.silence === "danger" ? "bad" : ""]);
  if (c.redial) all.push(["desk.call.redial", ""]);
  if (c.alarm) all.push(["desk.panic.sent", "bad"]);
  const key = JSON.stringify(all);
  if ($("marks").dataset.shown === key) return;
  $("marks").dataset.shown = key;
  $("marks").replaceChildren(...all.map(([what, kind]) => element("span", "mark " + kind, text(what))));
}

function element(name, kind, content) {
  const made = document.createElement(name);
  if (kind) made.className = kind.trim();
  if (content !== undefined) made.textContent = content;
  return made;
}

// facts fills a list of what is known; c adds the times that run.
function facts(list, all, c) {
  const rows = all.filter(([, value]) => value).map(([what, value]) => [text("desk." + what), value, ""]);
  if (c?.queued && c.joined && c.work === "complaint") rows.push([text("desk.call.waited"), span(Date.parse(c.joined) - Date.parse(c.queued)), ""]);
  if (c?.joined && c.stage === "talking" && !c.rings) rows.push([text("desk.call.talks"), "", c.joined]);
  for (const one of c?.with ?? []) rows.push([text("desk.with." + one.what), [one.who, one.up ? "" : text("desk.with.rings")].join(" ").trim(), ""]);
  const key = JSON.stringify(rows);
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  list.replaceChildren(...rows.flatMap(([what, value, since]) => {
    const dd = element("dd", "", value);
    if (since) dd.dataset.since = since;
    return [element("dt", "", what), dd];
  }));
  tick();
}

function showKeys(c) {
  const keys = c.keys ?? [];
  $("keys").hidden = !(c.silence || keys.length) || c.stage === "ended";
  const list = $("key-list");
  const key = JSON.stringify(keys);
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  list.replaceChildren(...keys.map((one) => {
    const item = element("li", "", text("desk.key." + one.meant));
    item.dataset.meant = one.meant;
    return item;
  }));
}

// ask fetches what is asked for once for a call: the hint, or the preview, which
// is audited each time.
async function ask(c) {
  $("hint").hidden = $("task").hidden = $("outcomes").hidden = true;
  task = null;
  follow = null;
  if ($("follow")) $("follow").hidden = true;
  put("outcome-done", "");
  if (isTask(c)) await preview(c);
  else await hint(c);
}

// fetched asks until there is an answer, or the call is another.
async function fetched(address, id) {
  while (shown === id) {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) return await answer.json();
      if (answer.status === 404 || answer.status === 403) return null;
    } catch {
      // no connection: asked again
    }
    await new Promise((go) => setTimeout(go, 2000));
  }
  return null;
}

async function hint(c) {
  const known = await fetched(`/desk/calls/${encodeURIComponent(c.id)}/hint`, c.id);
  if (shown !== c.id) return;
  const box = $("hint-text");
  box.replaceChildren();
  $("hint").hidden = false;
  if (!known) {
    box.append(element("p", "", text("desk.hint.withheld")));
    return;
  }
  box.append(element("p", "", known.calls ? text("desk.hint.calls", known.calls, day(known.last)) : text("desk.hint.first")));
  if (known.silent) box.append(element("p", "", text("desk.hint.silent", known.silent)));
  if (known.accused) box.append(element("p", "notice", text("desk.hint.accused")));
  if (known.cases?.length) box.append(element("p", "", text("desk.hint.cases")), ...known.cases.map(caseLine));
}

function caseLine(one) {
  const line = element("p", "row");
  const button = element("button", "", text("desk.hint.about"));
  button.type = "button";
  button.addEventListener("click", () => about(one));
  line.append(element("strong", "", one.docket), element("span", "", `${word("category", one.category)} · ${word("case", one.state)} · ${day(one.since ?? one.registeredAt)}`), button);
  return line;
}

const day = (moment) => new Date(moment).toLocaleDateString(language === "hi" ? "hi-IN" : "en-IN", { day: "numeric", month: "short", year: "numeric", timeZone: "Asia/Kolkata" });

async function preview(c) {
  task = await fetched(`/api/v1/agents/${encodeURIComponent(state.agent.id)}/task`, c.id);
  if (shown !== c.id) return;
  $("task").hidden = false;
  if (!task) {
    put("script", text("desk.task.away"));
    return;
  }
  const his = task.offender ?? {};
  const hers = task.victim ?? {};
  facts($("task-facts"), [
    ["name", his.name], ["task.number", his.number], ["task.allegation", his.allegation && word("category", his.allegation)], ["task.about", his.about],
    ["relation.his", his.relation && word("relation", his.relation)],
    ["ask", hers.askFor], ["opening", hers.opening && word("opening", hers.opening)], ["code", hers.codeWord], ["duress", hers.duressWord],
    ["whose", hers.whose && word("whose", hers.whose)], ["task.docket", hers.docket], ["task.stage", hers.stage && word("stage", hers.stage)],
    ["call.language", hers.language && word("tongue", hers.language)],
    ["outcome", task.attempts ? text("desk.task.attempt", task.attempts) : ""],
  ]);
  const said = scripts[task.kind]?.[(hers.language ?? language) === "en" ? "en" : "hi"] ?? "";
  const beside = [];
  if (task.victim) beside.push(text(hers.leaveWord ? "desk.task.leave" : "desk.task.no-leave"));
  if (hers.stage && !hers.delivered) beside.push(text("desk.task.undelivered"));
  put("script", [said, ...beside].join(" "));
  $("script").lang = (hers.language ?? language) === "en" ? "en" : "hi";
  outcomes(c);
}

function outcomes(c) {
  $("outcomes").hidden = false;
  $("demeanour-part").hidden = task.kind !== "offender";
  $("choice-part").hidden = $("verified-part").hidden = !task.victim;
  for (const id of ["demeanour", "choice", "call-at"]) $(id).value = "";
  $("verified").checked = false;
  $("outcome-list").replaceChildren(...(task.outcomes ?? kinds[task.kind] ?? []).map((one, i) => {
    const button = element("button", "", word("outcome", one));
    button.type = "button";
    if (i < 9) {
      button.append(" ", element("kbd", "", `Alt ${i + 1}`));
      button.setAttribute("aria-keyshortcuts", `Alt+${i + 1}`);
      button.dataset.key = String(i + 1);
    }
    button.addEventListener("click", () => code(c.id, one));
    return button;
  }));
}

async function code(call, outcome) {
  const said = {};
  if ($("choice").value && task.victim) said.choice = $("choice").value;
  if ($("verified").checked && task.victim) said.verified = true;
  if ($("call-at").value) said.callAt = new Date($("call-at").value).toISOString();
  const body = { outcome, said };
  if (task.kind === "offender" && $("demeanour").value) body.demeanour = $("demeanour").value;
  const answer = await post(`/desk/calls/${encodeURIComponent(call)}/outcome`, body);
  put("outcome-done", answer.ok ? `${text("desk.outcome.done")} ${word("outcome", outcome)}` : text("desk.not-done", answer.text));
  if (answer.ok) $("outcome-list").replaceChildren();
}

// --- Time: only shown, never decided by -----------------------------------------

const now = () => Date.now() + ahead;

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function tick() {
  const a = state.agent;
  if (a.since) {
    const plain = a.state === "idle" && a.status !== "available";
    const until = a.until ? Date.parse(a.until) - now() : 0;
    const over = !!a.until && until < 0;
    let time = span(now() - Date.parse(plain ? a.statusSince : a.since));
    if (a.until && !over) time = `${span(until)} ${text("desk.left")}`;
    if (over && a.open) time = `${span(-until)} ${text("desk.over")}`;
    $("seat-time").textContent = time;
    $("seat").toggleAttribute("data-over", over && !!a.open);
  }
  for (const running of document.querySelectorAll("[data-since]")) running.textContent = span(now() - Date.parse(running.dataset.since));
}
setInterval(tick, 1000);

// --- What she wishes --------------------------------------------------------------

// post sends JSON. It never throws: ok says whether it was done, and text why not.
async function post(address, body) {
  try {
    const answer = await fetch(address, {
      method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body), signal: AbortSignal.timeout(12000),
    });
    const value = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (answer.status === 401) gate();
    const no = value.word ? word("no", value.word) : value.text;
    return { ok: answer.ok, status: answer.status, value, text: no ?? text("refused.desk-api") };
  } catch {
    return { ok: false, status: 0, value: {}, text: text("refused.desk-not-known") };
  }
}

async function wish(what, to = "") {
  const about = { id: crypto.randomUUID(), wish: what, to };
  if (state.call && state.call.stage !== "ended") about.call = state.call.id;
  const answer = await post("/desk/orders", about);
  put("said", answer.ok ? (what === "panic" ? text("desk.panic.sent") : "") : text("desk.not-done", answer.text));
}

let pressed = 0; // when a button was pressed that wants two
function twice(what) {
  const at = Date.now();
  if (at - pressed < 1500) {
    pressed = 0;
    wish(what);
  } else {
    pressed = at;
    put("said", text("desk.quick-end.again"));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { wish: what, to, from, twice: two, close } = button.dataset;
  if (what) {
    const given = from ? $(from).value.trim().toLowerCase() : to;
    if (from && !given) return $(from).focus();
    button.closest("[popover]")?.hidePopover();
    wish(what, given);
  }
  if (two) twice(two);
  if (close) {
    button.closest("[popover]")?.hidePopover();
    closeCall({ what: close });
  }
});

const shortcuts = {
  r: "ready", p: "pause", w: "done", m: "more", t: "transfer", k: "pause-recording", n: "close",
};

addEventListener("keydown", (event) => {
  if (event.repeat) return;
  if (event.key === "F9" || event.key === "F8") {
    event.preventDefault();
    if (event.key === "F9") wish("panic");
    else if (!$("quick-end").disabled && state.call) twice("quick-end");
    return;
  }
  if (event.key === "Enter" && event.ctrlKey && $("register")) {
    event.preventDefault();
    return register();
  }
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const key = event.code.replace(/^(Key|Digit)/, "").toLowerCase();
  const target = key === "h" ? $($("hold").hidden ? "unhold" : "hold") : $(shortcuts[key] ?? "") ?? document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!target || target.disabled || target.offsetParent === null) return;
  event.preventDefault();
  target.click();
  document.querySelector("[popover]:popover-open button, [popover]:popover-open select")?.focus();
});

// --- The form -----------------------------------------------------------------

// formCall is the call that the form is about: an earlier one that she has opened,
// or the one in hand.
function formCall() {
  if (writing) return writing;
  const c = state.call;
  return c && (c.work === "complaint" || c.work === "call-back" || c.work === "ring-back") ? c.id : "";
}

function showForm() {
  const id = formCall();
  const closed = state.call?.id === id && (state.call?.done || waits(id)) && !writing;
  form.hidden = !id || !!closed;
  if (form.hidden || !fields.length) return leaveDraft(id);
  $("back").hidden = !writing;
  if (draft?.call !== id) openDraft(id);
  const slip = state.drafts.find((one) => one.call === id);
  if (slip) draft.heard(slip);
}

function openDraft(id) {
  leaveDraft(id);
  draft = unsafe.get(id) ?? new Draft(id, (what) => say(id, what), fill);
  unsafe.delete(id);
  form.reset();
  clearMissing();
  put("form-said", "");
  notice(writing ? "desk.form.earlier" : "");
  put("kept", "");
  follow = null;
  $("follow").hidden = true;
  fill(draft.values);
  const c = state.call;
  if (!writing && c?.id === id && !draft.loaded) suggest(c);
  draft.load();
}

// leaveDraft puts the draft of another call away; until it is safe it is sent.
function leaveDraft(id) {
  if (!draft || draft.call === id) return;
  if (!draft.safe) unsafe.set(draft.call, draft);
  draft.send();
  draft = null;
}

// vague are categories that say nothing of what happened.
const vague = ["unclassified", "silent", "status", "ring-back"];

// suggest fills in what the call itself says. It is not kept before she writes.
function suggest(c) {
  const offered = { category: vague.includes(c.category) || c.work !== "complaint" ? "" : c.category, language: c.language };
  for (const field of fields) {
    if (offered[field.name] && [...(field.options ?? [])].some((one) => one.value === offered[field.name])) field.value = offered[field.name];
  }
}

function fill(values) {
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined && !(field.name in (draft?.values ?? {}))) continue;
    if (field.type === "checkbox") field.checked = value === "yes";
    else if (field.value !== (value ?? "") && !(field === document.activeElement && draft?.touched.has(field.name))) field.value = value ?? "";
  }
}

const valueOf = (field) => (field.type === "checkbox" ? (field.checked ? "yes" : "") : field.value);

function say(id, what) {
  if (what === "kept") unsafe.delete(id);
  if (draft?.call !== id) return;
  const kept = $("kept");
  switch (what) {
    case "kept":
      kept.dataset.safe = "yes";
      put("kept", text("desk.form.kept", new Date(now()).toLocaleTimeString("en-GB")));
      break;
    case "sending":
      if (kept.dataset.safe !== "no") put("kept", text("desk.form.sending"));
      break;
    case "held":
      kept.dataset.safe = "no";
      put("kept", text("desk.form.held"));
      break;
    default:
      notice("desk.form." + what);
  }
}

function notice(key) {
  if (!$("notice")) return;
  $("notice").hidden = !key;
  $("notice").textContent = key ? text(key) : "";
}

if (fields.length) {
  form.addEventListener("input", (event) => {
    if (!event.target.name || !draft) return;
    // What was suggested is hers as soon as she writes anything.
    for (const field of fields) {
      if (field !== event.target && valueOf(field) !== (draft.values[field.name] ?? "") && !(field.tagName === "SELECT" && /days$/.test(field.name))) draft.write(field.name, valueOf(field));
    }
    draft.write(event.target.name, valueOf(event.target));
    forgive(event.target);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    register();
  });
  $("back").addEventListener("click", () => {
    writing = "";
    showForm();
  });
  $("find-do").addEventListener("click", find);
  $("find").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey) return;
    event.preventDefault();
    find();
  });
  $("follow-do").addEventListener("click", () => closeCall({ what: "follow-up", case: follow.case ?? follow.id, outcome: $("follow-outcome").value }));
  $("f-district").addEventListener("change", stations);
}

async function register() {
  if (form.hidden || !draft) return;
  await closeCall({ what: "case", form: Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]).filter(([, value]) => value)) });
}

async function closeCall(closing) {
  const id = formCall();
  if (!id || closeCall.busy) return;
  closeCall.busy = true;
  clearMissing();
  put("form-said", "");
  const mine = draft?.call === id ? draft : null;
  if (mine) mine.closing = true;
  const answer = await post(`/desk/calls/${encodeURIComponent(id)}/close`, closing);
  closeCall.busy = false;
  if (answer.ok) return closed(id);
  if (mine) {
    mine.closing = false;
    mine.soon();
  }
  if (answer.value.field) return missing(answer.value);
  put("form-said", answer.text);
}

function closed(id) {
  if (draft?.call === id) {
    draft.touched.clear();
    draft.finished = true;
    draft = null;
    if (fields.length) form.reset();
  }
  unsafe.delete(id);
  writing = "";
  if ($("follow")) $("follow").hidden = true;
  showForm();
  $("call").querySelector("#closed")?.scrollIntoView({ block: "nearest" });
}

function missing({ field, word: why }) {
  const place = fields.find((one) => one.name === field);
  put("form-said", text("desk.form.missing"));
  if (!place) return;
  const note = element("span", "why", text("desk.missing." + why));
  note.id = place.id + "-why";
  place.setAttribute("aria-invalid", "true");
  place.setAttribute("aria-describedby", note.id);
  place.after(note);
  place.focus();
  place.scrollIntoView({ block: "center" });
}

function forgive(field) {
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
  $(field.id + "-why")?.remove();
}

function clearMissing() {
  fields.forEach(forgive);
}

// find looks a complaint up by the number that she names.
async function find() {
  const answer = await post("/api/v1/cases/search", { docket: $("find").value.trim() });
  const found = answer.value.cases?.[0];
  if (!answer.ok || !found) return notice("desk.find.none");
  notice("");
  about(found);
}

// about: she calls about this case.
function about(one) {
  follow = one;
  if (!$("follow")) return;
  $("follow").hidden = false;
  put("follow-title", text("desk.follow.title", one.docket) + ` (${word("case", one.state)})`);
  $("follow-outcome").value = "";
  $("follow-outcome").focus();
}

async function stations() {
  const list = await fetch("/api/v1/stations?district=" + encodeURIComponent($("f-district").value), { headers: { Accept: "application/json" } }).then((answer) => answer.json()).catch(() => ({}));
  $("stations").replaceChildren(...(list.stations ?? []).map((one) => {
    const option = element("option", "", one.name);
    option.value = one.id;
    return option;
  }));
}

function showDrafts() {
  const others = state.drafts.filter((one) => one.call !== state.call?.id && one.call !== writing);
  const late = state.late ?? [];
  $("drafts").hidden = !(others.length || late.length) || !fields.length;
  showLate(late);
  const key = JSON.stringify(others);
  if ($("draft-list").dataset.shown === key) return;
  $("draft-list").dataset.shown = key;
  $("draft-list").replaceChildren(...others.map((one) => {
    const item = element("li", "row");
    const button = element("button", "", text("desk.form.open"));
    button.type = "button";
    button.addEventListener("click", () => {
      writing = one.call;
      showForm();
      showDrafts();
    });
    item.append(element("span", "", new Date(one.at).toLocaleString("en-GB", { timeZone: "Asia/Kolkata" })), button);
    if (one.waits) item.append(element("strong", "", text("desk.form.to-register")));
    return item;
  }));
}

// showLate tells what became of complaints that had to wait for the database.
function showLate(late) {
  const list = $("late-list");
  const key = JSON.stringify(late);
  if (list.dataset.shown === key) return;
  list.dataset.shown = key;
  list.replaceChildren(...late.map((one) => {
    const item = element("li", "row");
    item.append(element("span", "", text(one.docket ? "desk.form.late" : "desk.form.refused")), element("strong", "", one.docket ?? ""), element("span", "", new Date(one.at).toLocaleTimeString("en-GB", { timeZone: "Asia/Kolkata" })));
    return item;
  }));
}

// --- The page itself --------------------------------------------------------------

function pending() {
  return [draft, ...unsafe.values()].filter((one) => one && !one.safe);
}

addEventListener("beforeunload", (event) => {
  if (pending().length) event.preventDefault();
});
addEventListener("pagehide", () => pending().forEach((one) => one.send(true)));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") pending().forEach((one) => one.send());
});

// gate: nobody is signed in any more. What is written stays, behind a notice.
function gate() {
  $("gate").hidden = false;
  $("desk").inert = true;
  $("gate").querySelector("a").focus();
  stop();
}

let stop = () => {};
function connect() {
  stop = live("/desk/stream", { state: show, beat: ({ at }) => { ahead = Date.parse(at) - Date.now(); } }, (how) => {
    showState(how);
    if (how === "live") pending().forEach((one) => one.send());
    if (how === "ended") gate();
    return how !== "ended"; // stay: what is not safe yet would be gone with the page
  });
}

$("gate-go-on").addEventListener("click", async () => {
  const answer = await fetch("/me", { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  $("gate").hidden = true;
  $("desk").inert = false;
  connect();
});

blankByEscape(gate);
connect();
