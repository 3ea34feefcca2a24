// What she writes, until the server has it. It is held in this page's memory
// alone: nothing private goes into storage of the browser. What is not safe yet
// is sent again, for as long as the page lives.

const soon = 400; // after a key, so that a word is one message
const again = 1000;

// The tab names this page to the server, so that it knows which of two wrote.
const tab = crypto.randomUUID();

// Draft is the complaint of one call.
export class Draft {
  // say is told "kept", "sending", "held", "finished" or "other-window".
  constructor(call, say, show) {
    this.call = call;
    this.say = say;
    this.show = show; // given the whole form when the server knows better
    this.values = {};
    this.version = 0;
    this.touched = new Set(); // not safe yet
    this.loaded = false;
    this.finished = false;
    this.sending = false;
    this.closing = false; // the whole form is on its way already
    this.timer = 0;
  }

  get address() {
    return `/desk/calls/${encodeURIComponent(this.call)}/draft`;
  }

  get safe() {
    return this.touched.size === 0 || this.finished;
  }

  // load fetches what the server has. What was written here meanwhile stays.
  async load() {
    try {
      const answer = await fetch(this.address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const got = await answer.json();
      this.loaded = true;
      this.version = Math.max(this.version, got.version);
      if (got.finished) return this.finish();
      this.take(got.form);
      if (!this.safe) this.soon();
    } catch {
      setTimeout(() => this.loaded || this.load(), again);
    }
  }

  take(form) {
    const mine = {};
    for (const name of this.touched) mine[name] = this.values[name] ?? "";
    this.values = { ...form, ...mine };
    this.show(this.values);
  }

  finish() {
    this.finished = true;
    this.say("finished");
  }

  write(name, value) {
    this.values[name] = value;
    this.touched.add(name);
    this.say("sending");
    this.soon();
  }

  soon() {
    if (this.timer || this.sending || this.closing || this.finished) return;
    this.timer = setTimeout(() => this.send(), soon);
  }

  // send brings what is not safe yet to the server. last: the page is about to go,
  // and the browser is asked to finish the message without it.
  async send(last = false) {
    clearTimeout(this.timer);
    this.timer = 0;
    if ((this.sending || this.closing) && !last) return;
    if (this.safe) return;
    this.sending = true;
    const touched = [...this.touched];
    const sent = {};
    for (const name of touched) sent[name] = this.values[name] ?? "";
    try {
      const answer = await fetch(this.address, {
        method: "POST",
        keepalive: last,
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ tab, base: this.version, form: this.values, touched }),
        signal: last ? undefined : AbortSignal.timeout(5000),
      });
      if (answer.status === 409) return this.finish();
      if (!answer.ok) throw new Error(String(answer.status));
      this.took(await answer.json(), sent);
    } catch {
      this.say("held");
      if (!last) this.timer = setTimeout(() => this.send(), again);
    } finally {
      this.sending = false;
    }
    if (!this.safe && !this.timer) this.soon();
  }

  // took: the server has it. What was written since is not safe yet.
  took(kept, sent) {
    this.version = kept.version;
    for (const [name, value] of Object.entries(sent)) {
      if ((this.values[name] ?? "") === value) this.touched.delete(name);
    }
    if (kept.form) {
      this.take(kept.form);
      this.say("other-window");
    } else if (this.safe) {
      this.say("kept");
    }
  }

  // heard: the stream says which version the server has, and whose it is.
  async heard(slip) {
    if (!this.loaded || this.sending || slip.version <= this.version || slip.tab === tab) return;
    if (!this.safe) return this.soon(); // sending will bring both together
    const before = JSON.stringify(this.values);
    await this.load();
    if (JSON.stringify(this.values) !== before) this.say("other-window");
  }
}
