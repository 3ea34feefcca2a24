package asterisk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// FallbackQueue is one of Asterisk's own queues, which hold callers when no acd
// takes them.
type FallbackQueue struct {
	Name    string
	Members []QueueMember
	Callers []QueueCaller // in order
}

// QueueMember is an agent's phone in a fallback queue.
type QueueMember struct {
	Interface   string // "PJSIP/agent-17"
	Paused      bool
	PauseReason string
	InCall      bool
	Status      int // Asterisk's device state number
}

// QueueCaller is somebody who waits in a fallback queue.
type QueueCaller struct {
	Channel   string // its name
	ChannelID string
	Position  int
	Waited    time.Duration
}

// QueuePause pauses or unpauses a member in all fallback queues. IsNotFound: no
// queue has such a member.
func (c *Client) QueuePause(ctx context.Context, member string, paused bool, reason string) error {
	_, err := c.action(ctx, "queue pause", amiAction{
		{"Action", "QueuePause"}, {"Interface", member},
		{"Paused", strconv.FormatBool(paused)}, {"Reason", reason},
	})
	return err
}

// QueueWithdraw takes a caller out of a fallback queue; the dialplan goes on
// after its Queue(). channel is the channel's name. IsNotFound: she is not
// waiting there.
func (c *Client) QueueWithdraw(ctx context.Context, channel, queue string) error {
	_, err := c.action(ctx, "queue withdraw", amiAction{
		{"Action", "QueueWithdrawCaller"}, {"Queue", queue}, {"Caller", channel},
	})
	return err
}

// Queues reads the fallback queues with their members and callers.
func (c *Client) Queues(ctx context.Context) ([]FallbackQueue, error) {
	items, err := c.action(ctx, "queues", amiAction{{"Action", "QueueStatus"}})
	if err != nil {
		return nil, err
	}
	var queues []FallbackQueue
	place := map[string]int{}
	at := func(name string) *FallbackQueue {
		i, known := place[name]
		if !known {
			i = len(queues)
			place[name] = i
			queues = append(queues, FallbackQueue{Name: name})
		}
		return &queues[i]
	}
	for _, item := range items {
		switch item.Get("Event") {
		case "QueueParams":
			at(item.Get("Queue"))
		case "QueueMember":
			q := at(item.Get("Queue"))
			q.Members = append(q.Members, QueueMember{
				Interface: item.Get("Location"), PauseReason: item.Get("PausedReason"),
				Paused: item.Get("Paused") == "1", InCall: item.Get("InCall") == "1",
				Status: number(item.Get("Status")),
			})
		case "QueueEntry":
			q := at(item.Get("Queue"))
			q.Callers = append(q.Callers, QueueCaller{
				Channel: item.Get("Channel"), ChannelID: item.Get("Uniqueid"),
				Position: number(item.Get("Position")),
				Waited:   time.Duration(number(item.Get("Wait"))) * time.Second,
			})
		}
	}
	return queues, nil
}

// number reads what Asterisk prints by %d; anything else is as good as zero.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// action carries out one AMI action within the command limit.
func (c *Client) action(ctx context.Context, op string, a amiAction) (items []textproto.MIMEHeader, err error) {
	if c.replaced.Load() {
		return nil, ErrReplaced
	}
	began := time.Now()
	defer func() { c.opt.Observe(op, time.Since(began), err) }()
	ctx, cancel := context.WithTimeout(ctx, c.opt.CommandTimeout)
	defer cancel()
	return c.ami.do(ctx, op, a)
}

// amiAction is the lines of an action in order.
type amiAction [][2]string

// encode refuses what would become a line of its own: a name of a member or a
// reason must not smuggle in another action.
func (a amiAction) encode(id string) ([]byte, error) {
	var b strings.Builder
	for _, line := range append(a, [2]string{"ActionID", id}) {
		if strings.ContainsAny(line[1], "\r\n\x00") {
			return nil, fmt.Errorf("%s holds a line break", line[0])
		}
		b.WriteString(line[0] + ": " + line[1] + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String()), nil
}

// amiConn is a connection to the manager interface that is made when needed and
// dropped at the first doubt, or when nothing is asked for a moment: as long as one
// manager is connected, Asterisk writes out every event of every call for it, also
// if it wants none. It carries one action at a time: there are a few a second at
// most, and so no goroutine has to read in the background.
type amiConn struct {
	address, user, secret string
	idleFor               time.Duration
	idle                  *time.Timer

	turn chan struct{} // holds the one right to use what follows
	conn net.Conn
	in   *textproto.Reader
	last uint64
}

func newAMIConn(o Options) *amiConn {
	a := &amiConn{address: o.AMIAddress, user: o.AMIUser, secret: o.AMISecret, idleFor: o.AMIIdle, turn: make(chan struct{}, 1)}
	a.idle = time.AfterFunc(a.idleFor, a.rest)
	a.turn <- struct{}{}
	return a
}

// rest drops the connection unless it is in use; whoever uses it asks again.
func (a *amiConn) rest() {
	select {
	case <-a.turn:
		a.drop()
		a.turn <- struct{}{}
	default:
	}
}

func (a *amiConn) close() {
	a.idle.Stop()
	<-a.turn
	a.drop()
	a.turn <- struct{}{}
}

func (a *amiConn) drop() {
	if a.conn != nil {
		a.conn.Close()
		a.conn = nil
	}
}

func (a *amiConn) do(ctx context.Context, op string, action amiAction) ([]textproto.MIMEHeader, error) {
	if a.address == "" {
		return nil, &Error{Op: op, Err: errors.New("no AMI address is configured"), unsent: true}
	}
	select {
	case <-a.turn:
	case <-ctx.Done():
		return nil, &Error{Op: op, Err: ctx.Err(), unsent: true}
	}
	defer func() {
		a.idle.Reset(a.idleFor)
		a.turn <- struct{}{}
	}()
	// A connection that waited here may have died with Asterisk unnoticed: an
	// action that finds it so is tried once more on a new one. All our actions
	// may be carried out twice.
	reused := a.conn != nil
	items, err := a.try(ctx, op, action)
	if reused && err != nil && a.conn == nil && ctx.Err() == nil {
		items, err = a.try(ctx, op, action)
	}
	return items, err
}

// try makes sure of the connection and runs one action on it.
func (a *amiConn) try(ctx context.Context, op string, action amiAction) ([]textproto.MIMEHeader, error) {
	if a.conn == nil {
		if err := a.login(ctx); err != nil {
			a.drop()
			return nil, &Error{Op: op, Err: err, unsent: true}
		}
	}
	return a.exchange(ctx, op, action)
}

func (a *amiConn) login(ctx context.Context) error {
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(ctx, "tcp", a.address)
	if err != nil {
		return err
	}
	a.conn, a.in = conn, textproto.NewReader(bufio.NewReader(conn))
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	banner, err := a.in.ReadLine()
	stop()
	if err != nil {
		return fmt.Errorf("read the AMI banner: %w", err)
	}
	if !strings.HasPrefix(banner, "Asterisk Call Manager") {
		return errors.New("this is not Asterisk's manager interface; look at manager.conf")
	}
	_, err = a.exchange(ctx, "login", amiAction{
		{"Action", "Login"}, {"Username", a.user}, {"Secret", a.secret}, {"Events", "off"},
	})
	return err
}

// exchange sends an action and reads its answer, and the list that follows when
// the answer announces one. Any failure to do so drops the connection.
func (a *amiConn) exchange(ctx context.Context, op string, action amiAction) (items []textproto.MIMEHeader, err error) {
	a.last++
	id := strconv.FormatUint(a.last, 10)
	lines, err := action.encode(id)
	if err != nil {
		return nil, &Error{Op: op, Err: err, unsent: true}
	}
	conn := a.conn
	conn.SetDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(lines); err != nil {
		a.drop()
		return nil, &Error{Op: op, Err: err}
	}
	for {
		message, err := a.in.ReadMIMEHeader()
		if err != nil {
			a.drop()
			return nil, &Error{Op: op, Err: err}
		}
		if message.Get("ActionID") != id {
			continue // an event that nobody asked for
		}
		switch {
		case message.Get("Response") == "Error":
			return nil, &Error{Op: op, Status: amiStatus(message.Get("Message")), Message: message.Get("Message")}
		case message.Get("Response") != "":
			if !strings.EqualFold(message.Get("EventList"), "start") {
				return nil, nil
			}
		case strings.EqualFold(message.Get("EventList"), "Complete"):
			return items, nil
		default:
			items = append(items, message)
		}
	}
}

// amiStatus gives AMI's refusals, which are only words, the meaning that ARI's
// have by number.
func amiStatus(message string) int {
	lower := strings.ToLower(message)
	switch {
	case strings.Contains(lower, "not found"), strings.Contains(lower, "no such"):
		return 404
	case strings.Contains(lower, "authentication"), strings.Contains(lower, "permission"):
		return 401
	}
	return 400
}
