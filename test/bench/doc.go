// Package bench measures a whole helpline and makes the tables and plots of
// docs/performance.md out of what was measured.
//
// The benchmarks themselves are in the test files: same Asterisk, same phones
// (test/phone), and in each round the same work is given to Powerline, to
// Asterisk's app_queue and, where it makes sense, to a plain Dial(). One thing
// changes, the number that is dialled. They take turns within a round, so that a
// ratio compares minutes that lie beside each other. Times are between SIP
// messages, a received one stamped by the kernel.
//
//	make bench              measure; results are appended to .stack/artefacts/bench.jsonl
//	make bench-day          a whole day of calls
//	make performance        make the tables of docs/performance.md again
//
// A Result is one line of JSON. docs/performance.jsonl holds those that the
// document shows; nothing in its tables is typed by hand, and a test holds the
// document against the results.
package bench
