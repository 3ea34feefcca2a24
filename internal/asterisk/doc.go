// Package asterisk is the adapter to Asterisk: typed events out, commands in. It
// decides nothing about calls, and nothing else in the project imports the ARI
// library, of which only some types of its events and the originate request are
// used.
//
// # The picture
//
//	             one websocket, two apps                 HTTP, kept alive
//	Asterisk ───────────────┐                     ┌──────────────────────── Asterisk
//	                        ▼                     │   quick: at once
//	  reader ── decode ── backlog ── Events()     │   patient: held behind prompts
//	     ▲                (unbounded,   │         │
//	  ping 1 s             in order)    ▼         │           one line of AMI:
//	  silence 3 s                  the caller ── commands ──  fallback queues
//
// A Client has one websocket with two app names. Under App come broadcasts and
// everything about the channels that this process has. Under WatchApp come the
// ends of all channels and the presence of phones: a channel's own app does not
// hear of its end once it has left Stasis. Subscribing App itself to all
// channels would bring that too, but Asterisk then no longer lists which
// channels App has, and that list is the only place that knows who owns a call:
// a claimed or moved channel goes on showing the dialplan's arguments.
//
// # What is promised
//
//   - Every event that Asterisk sends while connected is delivered, in order. The
//     reader waits for nobody, since Asterisk closes the socket of a slow one.
//     The backlog grows instead, with a warning at each doubling, and Stats tells
//     its length.
//   - A period of events begins with Connected and its Snapshot. What was read
//     while the snapshot was taken follows, so an event may repeat what the
//     snapshot shows; handlers must bear that. Events between Disconnected and
//     Connected are lost: Asterisk keeps none.
//   - Destroyed is the last event about its channel and comes once. The two apps
//     of the socket have no common order, so that what arrives later for that
//     channel (most often a Left or a HangupRequested) is dropped and counted as
//     late. BridgeLeft and PlaybackFinished still come.
//   - Nothing Asterisk sends ends the connection or the process. Unknown types,
//     broken JSON and even a panic in the decoder cost one frame and are counted.
//   - Numbers, digits and variables are Private and mask themselves in logs and
//     JSON; no error holds a query string or a frame.
//
// # Failure
//
// Asterisk dead: the socket ends within milliseconds; Disconnected, then an
// attempt every 10 ms to 1 s, jittered. Connected.Restarted tells by Asterisk's
// start time that its calls are gone. Filters and subscriptions died as well and
// are set anew at each connection.
//
// Asterisk frozen or the path cut: no frame and no pong for 3 s; the same.
//
// Connected but deaf: see echo.go. Each app is sent an event by ourselves every
// second, over REST, and it has to come back within 5 s over the socket.
//
// Wrong password: ErrUnauthorised in one Disconnected and one log line, however
// many attempts follow.
//
// Another process takes the name: Asterisk tells the older one by
// ApplicationReplaced. From that moment each command refuses with ErrReplaced,
// Replaced is delivered and Run ends. It must not come back under this name.
//
// A command without an answer: IsUnknown. Look at the channel or bridge, then
// decide. Commands that may be carried out twice are repeated by themselves when
// Asterisk closes an idle connection at the moment of sending; Claim, Play,
// Originate, Move and Continue never are. A 409 to Originate is not believed
// until the leg has been looked for: Asterisk keeps its latest conflict per HTTP
// connection and blames later failures on it.
//
// # Prompts hold commands back
//
// While a prompt plays on a channel Asterisk answers Answer, SetVariable and
// AddToBridge only after its end, and carries out Ring, Move, Continue and the
// music commands only then although it answers at once. Music does not do so.
// Those that wait have a limit of 35 s and connections of their own. StopPlayback
// and HangUp always act at once.
package asterisk
