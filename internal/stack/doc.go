// Package stack runs private instances of Asterisk, Redis and PostgreSQL, for
// tests and for the demo, and Prometheus beside them when it is asked for.
//
// # The model
//
// A tree of programs, fetched once by deploy/stack/install.sh, serves any
// number of stacks. A Stack is one directory and one block of ports: it holds
// each service's configuration, data and log, and it is removed by Stop. Two
// stacks on one machine share nothing but the programs.
//
//	tree (.stack/root)                 instance (a temporary directory)
//	  bin/asterisk, redis-server, …      asterisk/  etc, log, run, spool, …
//	  forky/, bookworm/                  redis/     appendonly files
//	  postgres-template/                 postgres/  data
//	                                     log/       what each one printed
//
// # Addresses
//
// A stack listens on 127.0.0.1 only. Its block of ports is its own on every
// loopback address: Asterisk has Ports.SIP on 127.0.0.1, callers come from the
// trunk's address 127.0.0.2 and phones are at 127.0.0.3, each free to use
// Ports.Callers and Ports.Phones there. The trunk is known by its address, so
// phones must not share it.
//
// # Life and death
//
// Each service is a direct child with its real process id and can be killed,
// frozen, thawed and restarted alone; that is what the fault tests do. The
// kernel kills the children when this process dies, however it dies. What such
// a death leaves on the disk is swept by the next Start.
package stack
