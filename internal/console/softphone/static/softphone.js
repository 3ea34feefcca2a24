// An agent's browser as her telephone.
//
// Nothing here decides about an agent or a call: the engine rings, Asterisk
// connects. This module registers, answers, and says what is the case.
//
// A page that is closed or loaded again in a call does not hang up: that would
// end her caller's call. Asterisk misses the voice within seconds, and the
// engine puts the caller back into her place in the queue.

import { UA } from './vendor/jssip.js';
import { Wire } from './wire.js';

const registerFor = 120; // seconds
const lendAgainAfter = 2000; // ms
const onePhone = 'powerline-softphone'; // the lock that one tab holds

// tone: she hears that a call comes before she is in it.
const tone = { hz: 660, lasts: 0.35, loudness: 0.2 };

export class Softphone extends EventTarget {
  // line: off, asking (for microphone and account), connecting, ready, lost (the
  //   network), elsewhere (another tab is the telephone), refused.
  // call: none, ringing, dialling, talking.
  // reason: a word, where line is refused or a call could not be made.
  state = { line: 'off', call: 'none', reason: '', muted: false };
  remote = null; // MediaStream: what she hears

  #lend;
  #giveBack;
  #ua = null;
  #wire = null;
  #session = null;
  #microphone = null; // MediaStream
  #letGo = null; // of the lock
  #settings;
  #context = null;
  #ear = new Audio();
  #cut = false; // the socket went away in this call

  // lend gives {user, password, url, silence}, or throws an Error whose message is
  // a word; giveBack ends it. settings has microphone, processing, answers.
  constructor({ lend, giveBack, settings }) {
    super();
    this.#lend = lend;
    this.#giveBack = giveBack;
    this.#settings = settings;
  }

  // start makes this tab the telephone.
  async start() {
    if (this.#ua || this.state.line === 'asking') return;
    this.#become({ line: 'asking', reason: '' });
    if (!(await this.#takeLock())) {
      this.#become({ line: 'elsewhere' });
      return;
    }
    try {
      await this.#openMicrophone();
      this.#register(await this.#lend());
    } catch (error) {
      this.#shut();
      this.#become({ line: 'refused', reason: wordOf(error) });
    }
  }

  // stop gives the agent her other telephone back. Not in a call.
  async stop() {
    if (this.#session) return;
    if (this.#ua) {
      const unregistered = new Promise((done) => {
        this.#ua.once('unregistered', done);
        setTimeout(done, 1000);
      });
      this.#ua.unregister();
      await unregistered;
    }
    this.#shut();
    let reason = '';
    try {
      await this.#giveBack();
    } catch (error) {
      reason = wordOf(error);
    }
    this.#become({ line: 'off', reason });
  }

  answer() {
    this.#session?.answer({ mediaStream: this.#microphone, pcConfig: {} });
  }

  hangUp() {
    this.#session?.terminate();
  }

  mute(on) {
    if (!this.#session) return;
    if (on) this.#session.mute({ audio: true });
    else this.#session.unmute({ audio: true });
    this.#become({ muted: on });
  }

  // dial calls one of the agents' codes, such as *11.
  dial(code) {
    if (this.state.line !== 'ready' || this.#session || !/^[*0-9]{2,8}$/.test(code)) return;
    this.#ua.call(code, { mediaStream: this.#microphone, pcConfig: {} });
  }

  // key presses a key in a call: a digit of a PIN.
  key(digit) {
    if (/^[0-9*#]$/.test(digit)) this.#session?.sendDTMF(digit, { transportType: 'RFC2833' });
  }

  // useMicrophone takes another device, in a call too.
  async useMicrophone() {
    await this.#openMicrophone();
    const sender = this.#session?.connection?.getSenders().find((s) => s.track?.kind === 'audio');
    await sender?.replaceTrack(this.#microphone.getAudioTracks()[0]);
  }

  get microphone() {
    return this.#microphone;
  }

  // context is where tones and levels are made.
  get context() {
    this.#context ??= new AudioContext();
    return this.#context;
  }

  // quality of the call: milliseconds and percent, or null outside of one.
  async quality() {
    const connection = this.#session?.connection;
    if (!connection) return null;
    const found = { roundTrip: null, jitter: null, lost: null };
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio') {
        const all = report.packetsReceived + report.packetsLost;
        found.jitter = 1000 * report.jitter;
        found.lost = all > 0 ? (100 * report.packetsLost) / all : 0;
      } else if (report.type === 'candidate-pair' && report.nominated && report.currentRoundTripTime !== undefined) {
        found.roundTrip = 1000 * report.currentRoundTripTime;
      }
    }
    return found;
  }

  // ping is the way to Asterisk and back over the websocket, in milliseconds; null
  // if nothing came back.
  ping() {
    return new Promise((done) => {
      if (this.state.line !== 'ready') {
        done(null);
        return;
      }
      const began = performance.now();
      const back = () => done(performance.now() - began);
      const failed = (event) => (event.originator === 'remote' ? back() : done(null));
      this.#ua.sendOptions(this.#ua.configuration.uri.host, null, { eventHandlers: { succeeded: back, failed } });
    });
  }

  #become(change) {
    this.state = { ...this.state, ...change };
    this.dispatchEvent(new Event('change'));
  }

  // takeLock: two tabs that register for one agent would push each other out.
  #takeLock() {
    return new Promise((answer) => {
      navigator.locks.request(onePhone, { ifAvailable: true }, (lock) => {
        answer(lock !== null);
        return lock && new Promise((letGo) => { this.#letGo = letGo; });
      });
    });
  }

  async #openMicrophone() {
    const { microphone, processing } = this.#settings();
    const audio = { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing };
    if (microphone) audio.deviceId = { ideal: microphone };
    const before = this.#microphone;
    this.#microphone = await navigator.mediaDevices.getUserMedia({ audio });
    before?.getTracks().forEach((track) => track.stop());
    this.#microphone.getAudioTracks()[0].onended = () => this.useMicrophone().catch(() => {});
  }

  #register({ user, password, url, silence }) {
    this.#become({ line: 'connecting' });
    this.#wire = new Wire(url, silence);
    this.#ua = new UA({
      sockets: [this.#wire],
      uri: `sip:${user}@${new URL(url).hostname}`,
      password,
      register_expires: registerFor,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 1,
      session_timers: false,
      user_agent: 'Powerline',
    });
    this.#ua.on('disconnected', () => this.#lost());
    this.#ua.on('registered', () => this.#registered());
    this.#ua.on('registrationFailed', (event) => this.#lendAgain(event.response));
    this.#ua.on('newRTCSession', ({ session, originator }) => this.#follow(session, originator === 'remote'));
    this.#ua.start();
  }

  #registered() {
    this.#become({ line: 'ready', reason: '' });
    // Asterisk knows the call by the socket that is gone. Told of this one, it can
    // say when the other side hangs up; if the call is over, it says so now.
    if (this.#cut && this.#session?.isEstablished()) this.#session.renegotiate();
    this.#cut = false;
  }

  #lost() {
    if (!this.#ua) return;
    this.#cut = this.#session !== null;
    this.#become({ line: 'lost' });
  }

  // lendAgain: Asterisk was started anew and knows nothing of this login, or
  // another browser of hers has become the telephone.
  async #lendAgain(response) {
    if (!this.#ua || !response) return; // the network: JsSIP tries again by itself
    try {
      const { password } = await this.#lend();
      this.#ua?.set('password', password);
      this.#ua?.register();
    } catch (error) {
      this.#become({ line: 'lost', reason: wordOf(error) });
      setTimeout(() => this.#lendAgain(response), lendAgainAfter);
    }
  }

  #follow(session, incoming) {
    if (this.#session) {
      session.terminate({ status_code: 486 }); // one agent, one call
      return;
    }
    this.#session = session;
    this.#become({ call: incoming ? 'ringing' : 'dialling', muted: false, reason: '' });
    const hear = (connection) => { connection.ontrack = ({ track }) => this.#hear(track); };
    if (session.connection) hear(session.connection);
    else session.on('peerconnection', ({ peerconnection }) => hear(peerconnection));
    session.on('confirmed', () => this.#become({ call: 'talking' }));
    session.on('failed', ({ originator }) => this.#ended(incoming || originator === 'local' ? '' : 'not-connected'));
    session.on('ended', () => this.#ended(''));
    if (incoming) this.#announce(session);
  }

  // announce lets her hear that a call comes, and answers.
  async #announce(session) {
    await this.#sound();
    if (this.#session === session && this.#settings().answers && session.isInProgress()) this.answer();
  }

  // sound is over after its time, whether or not it could be heard.
  #sound() {
    const { context } = this;
    if (context.state === 'suspended') context.resume().catch(() => {});
    const source = new OscillatorNode(context, { frequency: tone.hz });
    source.connect(new GainNode(context, { gain: tone.loudness })).connect(context.destination);
    source.start();
    return new Promise((over) => {
      setTimeout(() => {
        source.stop();
        over();
      }, 1000 * tone.lasts);
    });
  }

  #hear(track) {
    this.remote = new MediaStream([track]);
    this.#ear.srcObject = this.remote;
    const { speaker } = this.#settings();
    if (speaker && this.#ear.setSinkId) this.#ear.setSinkId(speaker).catch(() => {});
    this.#ear.play().catch(() => {}); // it is her microphone that allows it
  }

  #ended(reason) {
    this.#session = null;
    this.#cut = false;
    this.#ear.srcObject = null;
    this.#become({ call: 'none', muted: false, reason });
  }

  #shut() {
    const ua = this.#ua;
    this.#ua = null;
    ua?.stop();
    this.#microphone?.getTracks().forEach((track) => {
      track.onended = null;
      track.stop();
    });
    this.#microphone = null;
    this.#letGo?.();
    this.#letGo = null;
  }
}

// wordOf is the reason of a failure as a page can translate it.
function wordOf(error) {
  if (error.name === 'NotAllowedError') return 'microphone-denied';
  if (error.name === 'NotFoundError' || error.name === 'NotReadableError') return 'microphone-missing';
  return /^[a-z-]+$/.test(error.message) ? error.message : 'failed';
}
