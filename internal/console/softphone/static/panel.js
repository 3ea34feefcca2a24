// Shows a Softphone in the page: the element with data-softphone, which the
// server has written with every word in the user's language. Parts of it are
// found by data attributes:
//
//   data-line="ready"        shown while the line is so; several words may stand there
//   data-call="talking"      the same for the call
//   data-reason="in-call"    shown with this reason; the last one, "other", with any that has no text
//   data-do="start"          a button
//   data-set="microphone"    a setting, kept in this browser
//   data-show="jitter"       a figure

import { Softphone } from './softphone.js';

const kept = 'powerline-softphone-settings';
const lookEvery = 2000; // ms: figures of a call

export function show(root) {
  const settings = readSettings(root);
  const phone = new Softphone({
    lend: () => post(root.dataset.lend),
    giveBack: () => post(root.dataset.giveBack),
    settings: () => settings,
  });
  const actions = {
    start: () => phone.start().then(() => listDevices(root, settings)),
    stop: () => phone.stop(),
    answer: () => phone.answer(),
    'hang-up': () => phone.hangUp(),
    mute: () => phone.mute(!phone.state.muted),
    dial: () => phone.dial(root.querySelector('[data-code]').value.trim()),
    check: () => check(root, phone),
  };
  root.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do], [data-key]');
    if (button?.dataset.key) phone.key(button.dataset.key);
    else if (button) actions[button.dataset.do]();
  });
  root.addEventListener('change', (event) => {
    const name = event.target.dataset.set;
    if (!name) return;
    keep(settings, name, event.target.type === 'checkbox' ? event.target.checked : event.target.value);
    if (name !== 'answers' && phone.microphone) phone.useMicrophone().catch(() => {});
  });
  navigator.mediaDevices?.addEventListener('devicechange', () => listDevices(root, settings));
  phone.addEventListener('change', () => {
    paint(root, phone);
    guard(root, phone);
    // It was her telephone: it is so again when the page is loaded anew.
    if (['ready', 'off'].includes(phone.state.line)) keep(settings, 'on', phone.state.line === 'ready');
  });
  setInterval(() => figures(root, phone), lookEvery);
  paint(root, phone);
  root.softphone = phone;
  if (settings.on) actions.start();
  return phone;
}

// guard: a page that goes away takes the call with it, so the browser asks first.
// What she must see is unfolded.
function guard(root, { state }) {
  window.onbeforeunload = state.call === 'talking' ? (event) => event.preventDefault() : null;
  if (['lost', 'refused', 'elsewhere'].includes(state.line)) root.closest('details')?.setAttribute('open', '');
}

function keep(settings, name, value) {
  settings[name] = value;
  localStorage.setItem(kept, JSON.stringify(settings));
}

function paint(root, { state }) {
  root.dataset.lineNow = state.line;
  root.dataset.callNow = state.call;
  for (const part of root.querySelectorAll('[data-line]')) part.hidden = !part.dataset.line.split(' ').includes(state.line);
  for (const part of root.querySelectorAll('[data-call]')) {
    const line = part.dataset.line?.split(' ').includes(state.line) ?? true;
    part.hidden = !line || !part.dataset.call.split(' ').includes(state.call);
  }
  const reasons = [...root.querySelectorAll('[data-reason]')];
  const known = reasons.find((part) => part.dataset.reason === state.reason) ?? reasons.at(-1);
  for (const part of reasons) part.hidden = !state.reason || part !== known;
  root.querySelector('[data-do="mute"]').setAttribute('aria-pressed', String(state.muted));
}

function readSettings(root) {
  let saved = {};
  try {
    saved = JSON.parse(localStorage.getItem(kept)) ?? {};
  } catch {
    // Somebody else wrote there: begin anew.
  }
  const settings = { microphone: '', speaker: '', processing: true, answers: true, on: false, ...saved };
  for (const field of root.querySelectorAll('[data-set]')) {
    if (field.type === 'checkbox') field.checked = settings[field.dataset.set];
  }
  return settings;
}

// listDevices fills the lists; their names are known when she has allowed the microphone.
async function listDevices(root, settings) {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const [name, kind] of [['microphone', 'audioinput'], ['speaker', 'audiooutput']]) {
    const list = root.querySelector(`select[data-set="${name}"]`);
    const first = list.options[0]; // the browser's own choice
    const options = devices.filter((d) => d.kind === kind && d.deviceId !== 'default')
      .map((d) => new Option(d.label, d.deviceId, false, d.deviceId === settings[name]));
    list.replaceChildren(first, ...options);
  }
}

// check lets her see that her voice arrives, and how long the way to Asterisk is.
async function check(root, phone) {
  const meter = root.querySelector('[data-show="level"]');
  const stop = watchLevel(phone, (level) => { meter.value = level; });
  write(root, 'ping', await phone.ping());
  setTimeout(stop, 10_000);
}

// watchLevel tells the loudness of the microphone, 0 to 1, until stopped.
function watchLevel(phone, tell) {
  if (!phone.microphone) return () => {};
  const { context } = phone;
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: phone.microphone });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let next = 0;
  const look = () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    tell(Math.min(1, Math.sqrt(power) * 4));
    next = requestAnimationFrame(look);
  };
  look();
  return () => {
    cancelAnimationFrame(next);
    source.disconnect();
    tell(0);
  };
}

async function figures(root, phone) {
  if (document.hidden || phone.state.call !== 'talking') return;
  const found = await phone.quality();
  for (const [name, value] of Object.entries(found ?? {})) write(root, name, value);
}

function write(root, name, value) {
  for (const part of root.querySelectorAll(`[data-show="${name}"]`)) part.textContent = value === null ? '–' : value.toFixed(0);
}

// post answers with the JSON of a route of ours, or throws an Error with its word.
async function post(url) {
  const response = await fetch(url, { method: 'POST', headers: { Accept: 'application/json' } });
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.refused ?? 'failed');
  return body;
}

for (const root of document.querySelectorAll('[data-softphone]')) show(root);
