package stack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Postgres is a database server with one role and one empty database.
type Postgres struct {
	*Service
	URL string // postgres://…, for any client
}

const (
	postgresRole     = "powerline"
	postgresPassword = "powerline-local"
)

func (s *Stack) startPostgres(ctx context.Context) error {
	as, err := unprivileged()
	if err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	template, err := s.postgresTemplate(ctx, as)
	if err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	data := filepath.Join(s.Dir, "postgres")
	if out, err := exec.CommandContext(ctx, "cp", "-a", template, data).CombinedOutput(); err != nil {
		return fmt.Errorf("start postgres: copy its template: %w: %s", err, out)
	}
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(postgresRole, postgresPassword),
		Host: loopback(s.Ports.Postgres), Path: "postgres", RawQuery: "sslmode=disable",
	}
	s.Postgres = &Postgres{Service: s.service(NamePostgres), URL: address.String()}
	s.Postgres.polite = syscall.SIGINT // disconnects clients instead of waiting for them
	s.Postgres.command = func() *exec.Cmd {
		args := []string{
			"-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Ports.Postgres),
			"-c", "unix_socket_directories=",
			// Nothing outside of the data directory may outlive a kill.
			"-c", "dynamic_shared_memory_type=mmap",
			"-c", "max_connections=200", "-c", "shared_buffers=32MB",
		}
		if s.options.FastPostgres {
			args = append(args, "-c", "fsync=off")
		}
		cmd := exec.Command(filepath.Join(s.root, "bin", "postgres"), args...)
		cmd.SysProcAttr = as.attributes()
		return cmd
	}
	s.Postgres.ready = func(ctx context.Context) error { return helloPostgres(ctx, s.Ports.Postgres) }
	return s.Postgres.Start(ctx)
}

// postgresTemplate makes a database cluster once per tree; copying it takes a
// tenth of the time that initdb takes.
func (s *Stack) postgresTemplate(ctx context.Context, as identity) (string, error) {
	template := filepath.Join(s.root, "postgres-template-"+as.name)
	lock, err := os.OpenFile(template+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(template); err == nil {
		return template, nil
	}
	fresh := template + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return "", err
	}
	if err := os.Chown(fresh, as.uid, as.gid); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.root, "bin", "initdb"), "-D", fresh,
		"-U", postgresRole, "--pwfile=/dev/stdin", "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C", "--wal-segsize=1", "--no-sync")
	cmd.Stdin = bytes.NewReader([]byte(postgresPassword + "\n"))
	cmd.SysProcAttr = as.attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	return template, os.Rename(fresh, template)
}

// helloPostgres begins a session and looks at the first answer: a request to
// authenticate means that the server takes clients.
func helloPostgres(ctx context.Context, port int) error {
	conn, err := dial(ctx, port)
	if err != nil {
		return err
	}
	defer conn.Close()
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	body = append(body, "user\x00"+postgresRole+"\x00database\x00postgres\x00\x00"...)
	hello := append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
	if _, err := conn.Write(hello); err != nil {
		return err
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if answer[0] != 'R' {
		return errors.New("postgres does not take clients yet")
	}
	return nil
}

// identity is how PostgreSQL is run, which refuses to run as root.
type identity struct {
	name       string
	uid, gid   int // owner of its files as we see them
	attributes func() *syscall.SysProcAttr
}

// unprivileged finds an identity for PostgreSQL. An ordinary user's own is
// right. For root it is a user namespace in which root's number is 1000: the
// files remain ours, wherever they lie, and nothing forks. Where namespaces are
// forbidden it is the user nobody, allowed to pass through our directories.
func unprivileged() (identity, error) {
	if uid := os.Getuid(); uid != 0 {
		own := identity{name: fmt.Sprintf("user-%d", uid), uid: uid, gid: os.Getgid()}
		own.attributes = func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
		return own, nil
	}
	mapped := identity{name: "mapped", attributes: func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{
			// Its own IPC namespace takes its shared memory with it when it is killed.
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWIPC,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}},
		}
	}}
	const nobody, capDACOverride = 65534, 1
	other := identity{name: "nobody", uid: nobody, gid: nobody, attributes: func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{
			Credential:  &syscall.Credential{Uid: nobody, Gid: nobody},
			AmbientCaps: []uintptr{capDACOverride},
		}
	}}
	var failed []error
	for _, id := range []identity{mapped, other} {
		try := exec.Command("/bin/true")
		try.SysProcAttr = id.attributes()
		err := try.Run()
		if err == nil {
			return id, nil
		}
		failed = append(failed, fmt.Errorf("as %s: %w", id.name, err))
	}
	return identity{}, fmt.Errorf("root can neither map its number nor become nobody here: %w", errors.Join(failed...))
}

// Psql runs a statement by the stack's own client.
func (s *Stack) Psql(ctx context.Context, statement string) (string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(s.root, "bin", "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", s.Postgres.URL, "-c", statement).CombinedOutput()
	return string(out), err
}
