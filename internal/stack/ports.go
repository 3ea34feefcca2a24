package stack

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Blocks lie below the kernel's ephemeral range, so that no client's socket
// ever takes a port of ours.
const (
	firstPort = 10000
	blockSize = 3000 // voice for 1,400 channels: without a free port Asterisk searches for one for ever
	blocks    = 7
)

// Ports is a stack's own block of port numbers, the same on each loopback
// address.
type Ports struct {
	SIP, HTTP, AMI, Redis, Postgres int
	Prometheus, Grafana             int

	// ACD is for the engine's own listeners: console, metrics and the like.
	ACD [10]int
	// Callers and Phones are for SIP clients on 127.0.0.2 and 127.0.0.3.
	Callers, Phones Range
	// RTP is Asterisk's; on 127.0.0.2 and 127.0.0.3 the same numbers are free
	// for the clients' media.
	RTP Range
}

// Range is First to Last, both included.
type Range struct{ First, Last int }

// reservePorts takes a block. The lock is a socket name in the kernel: it is
// exactly as wide as the ports themselves (one network namespace, all users)
// and is gone when this process is, leaving no file.
func reservePorts() (Ports, net.Listener, error) {
	for n := range blocks {
		lock, err := net.Listen("unix", "@powerline-stack-ports-"+strconv.Itoa(n))
		if err != nil {
			continue
		}
		ports := block(firstPort + n*blockSize)
		if ports.free() {
			return ports, lock, nil
		}
		lock.Close()
	}
	return Ports{}, nil, errors.New("reserve ports: all blocks are taken: stop another stack")
}

func block(base int) Ports {
	p := Ports{
		SIP: base, HTTP: base + 1, AMI: base + 2, Redis: base + 3, Postgres: base + 4,
		Prometheus: base + 15, Grafana: base + 16, // behind those of ACD
		Callers: Range{base + 20, base + 29},
		// Every phone may have a socket of its own.
		Phones: Range{base + 30, base + 189},
		RTP:    Range{base + 190, base + blockSize - 1},
	}
	for i := range p.ACD {
		p.ACD[i] = base + 5 + i
	}
	return p
}

// free makes sure that nobody who knows nothing of our lock listens there.
func (p Ports) free() bool {
	for _, port := range append([]int{p.HTTP, p.AMI, p.Redis, p.Postgres, p.Prometheus, p.Grafana}, p.ACD[:]...) {
		l, err := net.Listen("tcp4", loopback(port))
		if err != nil {
			return false
		}
		l.Close()
	}
	l, err := net.ListenPacket("udp4", loopback(p.SIP))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
