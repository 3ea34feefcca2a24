package asterisk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"sync"
	"testing"
	"time"
)

// fakeAMI speaks the manager protocol as far as a login; reply answers the rest.
// It returns how many connections were made.
func fakeAMI(t *testing.T, reply func(conn net.Conn, action textproto.MIMEHeader)) (address string, made func() int) {
	address, made, _ = fakeAMIOf(t, reply)
	return address, made
}

// fakeAMIOf tells by a channel, too, when a client has hung up.
func fakeAMIOf(t *testing.T, reply func(conn net.Conn, action textproto.MIMEHeader)) (address string, made func() int, ended <-chan struct{}) {
	over := make(chan struct{}, 10)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var mu sync.Mutex
	var conns []net.Conn
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			serving.Go(func() {
				io.WriteString(conn, "Asterisk Call Manager/11.0.0\r\n")
				for in := textproto.NewReader(bufio.NewReader(conn)); ; {
					action, err := in.ReadMIMEHeader()
					if err != nil {
						over <- struct{}{}
						return
					}
					switch {
					case action.Get("Action") != "Login":
						reply(conn, action)
					case action.Get("Secret") == "right":
						fmt.Fprintf(conn, "Response: Success\r\nActionID: %s\r\nMessage: Authentication accepted\r\n\r\nEvent: FullyBooted\r\nStatus: x\r\n\r\n", action.Get("ActionID"))
					default:
						fmt.Fprintf(conn, "Response: Error\r\nActionID: %s\r\nMessage: Authentication failed\r\n\r\n", action.Get("ActionID"))
					}
				}
			})
		}
	})
	made = func() int { mu.Lock(); defer mu.Unlock(); return len(conns) }
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return listener.Addr().String(), made, over
}

func amiClient(t *testing.T, address, secret string) *Client {
	return idlingClient(t, address, secret, time.Hour)
}

func idlingClient(t *testing.T, address, secret string, idle time.Duration) *Client {
	c := New(Options{BaseURL: "http://127.0.0.1:1", AMIAddress: address, AMIUser: "acd", AMISecret: secret, AMIIdle: idle, CommandTimeout: 200 * time.Millisecond})
	t.Cleanup(c.ami.close)
	return c
}

func TestGivenQueues_WhenTheyAreRead_ThenMembersAndCallersAreTold(t *testing.T) {
	address, _ := fakeAMI(t, func(conn net.Conn, a textproto.MIMEHeader) {
		id := a.Get("ActionID")
		fmt.Fprintf(conn, "Event: Noise\r\nX: y\r\n\r\nResponse: Success\r\nActionID: %s\r\nEventList: start\r\n\r\n", id)
		fmt.Fprintf(conn, "Event: QueueParams\r\nQueue: q1\r\nActionID: %s\r\n\r\n", id)
		fmt.Fprintf(conn, "Event: QueueMember\r\nQueue: q1\r\nLocation: PJSIP/a1\r\nPaused: 1\r\nPausedReason: lunch\r\nInCall: 0\r\nStatus: 5\r\nActionID: %s\r\n\r\n", id)
		fmt.Fprintf(conn, "Event: QueueEntry\r\nQueue: q1\r\nPosition: 1\r\nChannel: PJSIP/operator-1\r\nUniqueid: 1.2\r\nWait: 7\r\nActionID: %s\r\n\r\n", id)
		fmt.Fprintf(conn, "Event: QueueStatusComplete\r\nActionID: %s\r\nEventList: Complete\r\nListItems: 3\r\n\r\n", id)
	})
	c := amiClient(t, address, "right")
	queues, err := c.Queues(t.Context())
	must(t, err)
	want := FallbackQueue{
		Name:    "q1",
		Members: []QueueMember{{Interface: "PJSIP/a1", Paused: true, PauseReason: "lunch", Status: 5}},
		Callers: []QueueCaller{{Channel: "PJSIP/operator-1", ChannelID: "1.2", Position: 1, Waited: 7 * time.Second}},
	}
	if len(queues) != 1 || fmt.Sprint(queues[0]) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", queues, want)
	}
}

func TestGivenASilentAMI_WhenTheLimitPasses_ThenTheResultIsUnknownAndTheNextActionStartsAnew(t *testing.T) {
	var mu sync.Mutex
	silent := true
	address, made := fakeAMI(t, func(conn net.Conn, a textproto.MIMEHeader) {
		mu.Lock()
		defer mu.Unlock()
		if !silent {
			fmt.Fprintf(conn, "Response: Success\r\nActionID: %s\r\n\r\n", a.Get("ActionID"))
		}
	})
	c := amiClient(t, address, "right")
	if err := c.QueuePause(t.Context(), "PJSIP/a1", true, ""); !IsUnknown(err) {
		t.Errorf("got %v", err)
	}
	mu.Lock()
	silent = false
	mu.Unlock()
	must(t, c.QueuePause(t.Context(), "PJSIP/a1", true, ""))
	must(t, c.QueuePause(t.Context(), "PJSIP/a1", false, ""))
	if made() != 2 {
		t.Errorf("%d connections, want 2", made())
	}
}

func TestGivenALostAMIConnection_WhenTheNextActionComes_ThenItIsMadeOnANewOne(t *testing.T) {
	address, made := fakeAMI(t, func(conn net.Conn, a textproto.MIMEHeader) {
		fmt.Fprintf(conn, "Response: Success\r\nActionID: %s\r\n\r\n", a.Get("ActionID"))
		conn.Close()
	})
	c := amiClient(t, address, "right")
	for range 5 {
		must(t, c.QueuePause(t.Context(), "PJSIP/a1", true, ""))
	}
	if made() != 5 {
		t.Errorf("%d connections, want 5", made())
	}
}

func TestGivenAnIdleAMIConnection_WhenItsTimeIsOver_ThenItIsClosedAndTheNextActionMakesANewOne(t *testing.T) {
	address, made, ended := fakeAMIOf(t, func(conn net.Conn, a textproto.MIMEHeader) {
		fmt.Fprintf(conn, "Response: Success\r\nActionID: %s\r\n\r\n", a.Get("ActionID"))
	})
	c := idlingClient(t, address, "right", time.Millisecond)
	for n := range 3 {
		must(t, c.QueuePause(t.Context(), "PJSIP/a1", true, ""))
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection stays, and Asterisk writes its events for it")
		}
		if made() != n+1 {
			t.Fatalf("%d connections, want %d", made(), n+1)
		}
	}
}

func TestGivenAWrongSecretOrNoAddress_WhenAnActionIsAsked_ThenTheErrorSaysSo(t *testing.T) {
	address, _ := fakeAMI(t, func(net.Conn, textproto.MIMEHeader) {})
	err := amiClient(t, address, "wrong").QueuePause(t.Context(), "PJSIP/a1", true, "")
	if err == nil || IsUnknown(err) || !errors.As(err, new(*Error)) {
		t.Errorf("wrong secret: %v", err)
	}
	if err := amiClient(t, "", "").QueuePause(context.Background(), "PJSIP/a1", true, ""); err == nil || IsUnknown(err) {
		t.Errorf("no address: %v", err)
	}
}
