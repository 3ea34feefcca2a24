package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Redis is a store that writes its append-only file every second, as
// production does, unless Options.DurableRedis is set.
type Redis struct {
	*Service
	Addr string // host:port

	dir string
}

// Wipe removes what a killed Redis had written, as the loss of its disk does.
func (r *Redis) Wipe() error {
	if r.PID() != 0 {
		return errors.New("wipe redis: it runs; kill it first")
	}
	return os.RemoveAll(filepath.Join(r.dir, "appendonlydir"))
}

func (s *Stack) startRedis(ctx context.Context) error {
	dir := filepath.Join(s.Dir, "redis")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("start redis: %w", err)
	}
	s.Redis = &Redis{Service: s.service(NameRedis), Addr: loopback(s.Ports.Redis), dir: dir}
	sync := "everysec"
	if s.options.DurableRedis {
		sync = "always"
	}
	s.Redis.command = func() *exec.Cmd {
		return exec.Command(filepath.Join(s.root, "bin", "redis-server"),
			"--bind", "127.0.0.1", "--port", strconv.Itoa(s.Ports.Redis),
			"--dir", dir, "--appendonly", "yes", "--appendfsync", sync,
			"--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no")
	}
	s.Redis.ready = func(ctx context.Context) error { return pingRedis(ctx, s.Ports.Redis) }
	return s.Redis.Start(ctx)
}

func pingRedis(ctx context.Context, port int) error {
	conn, err := dial(ctx, port)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+PONG") {
		return fmt.Errorf("redis answers %q", strings.TrimSpace(line))
	}
	return nil
}
