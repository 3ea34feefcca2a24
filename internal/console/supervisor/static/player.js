// The player of one recording. It asks for a purpose first, which stands in the
// audit; the browser asks for the audio in ranges, and each is a row there.
import { text } from "../console/live.js";

const el = (id) => document.getElementById(id);
const box = el("player");
const base = `/api/v1/recordings/${encodeURIComponent(box.dataset.recording)}`;
const stretches = 600;

function say(words, state) {
  el("player-says").textContent = words;
  el("player-says").dataset.state = state;
}

async function peaksFor(purpose) {
  const answer = await fetch(`${base}/peaks?stretches=${stretches}`, { headers: { "Audit-Purpose": purpose } });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.reason ?? text("super.player.failed"));
  return said;
}

// loaded waits until the browser knows how long the audio is.
const loaded = (audio) => new Promise((done, failed) => {
  audio.addEventListener("loadedmetadata", done, { once: true });
  audio.addEventListener("error", () => failed(new Error(text("super.player.failed"))), { once: true });
});

// draw paints one side: bars about the middle of its half.
function draw(peaks) {
  const canvas = el("wave");
  const g = canvas.getContext("2d");
  const style = getComputedStyle(canvas);
  const { width, height } = canvas;
  g.clearRect(0, 0, width, height);
  const half = height / 2;
  for (const [i, side] of [peaks.heard, peaks.spoken].entries()) {
    g.fillStyle = style.getPropertyValue(i ? "--spoken" : "--heard");
    const middle = half * i + half / 2;
    const step = width / side.length;
    side.forEach((p, n) => {
      const h = Math.max(1, p * (half - 6));
      g.fillRect(n * step, middle - h / 2, Math.max(1, step - 0.5), h);
    });
  }
  canvas.setAttribute("aria-label", text("super.player.wave", Math.round(peaks.seconds)));
}

const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

el("open")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const purpose = el("purpose").value;
  say(text("super.player.loading"), "warn");
  try {
    const peaks = await peaksFor(purpose);
    draw(peaks);
    const audio = el("audio");
    audio.src = `${base}/audio?purpose=${encodeURIComponent(purpose)}`;
    await loaded(audio);
    el("listen").hidden = false;
    el("open").hidden = true;
    audio.addEventListener("timeupdate", () => {
      el("head").style.setProperty("--at", audio.duration ? audio.currentTime / audio.duration : 0);
      el("at").textContent = `${clock(audio.currentTime)} / ${clock(audio.duration || peaks.seconds)}`;
    });
    el("wave").addEventListener("click", (e) => {
      audio.currentTime = (e.offsetX / el("wave").clientWidth) * audio.duration;
    });
    say(text("super.player.ready"), "good");
    audio.focus();
  } catch (no) {
    say(no.message, "bad");
  }
});
