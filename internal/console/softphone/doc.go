// Package softphone is the room of the console in which an agent's browser is
// her telephone (docs/softphone.md).
//
// # Model
//
//	page ──POST lend──▶ engine ──▶ Asterisk: other media and a new password for her endpoint
//	page ══websocket══▶ Asterisk: registers as any softphone does, is rung, answers after a tone
//	page ◀═DTLS-SRTP══▶ Asterisk: voice
//
// Only the first line passes through us. A telephone that is registered rings and
// talks on while every process of ours is dead, and the fallback queue rings it
// as it rings any other.
//
// # Invariants
//
//   - The password is of one login, is handed to that session alone and stands in
//     the page's memory, nowhere else.
//   - The page decides nothing about an agent or a call.
//   - A page that goes away in a call does not hang up: her caller is put back
//     into her place, as when any telephone dies.
package softphone
