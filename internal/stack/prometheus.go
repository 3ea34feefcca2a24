package stack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

// NamePrometheus is a service that runs only when it is asked for.
const NamePrometheus = "prometheus"

// Companion is a further program that a stack runs on demand and stops with the
// rest.
type Companion struct {
	Name    string
	Command func() *exec.Cmd            // a new one for each start
	Ready   func(context.Context) error // one try; nil once it serves
}

// Beside runs a companion and waits until it serves.
func (s *Stack) Beside(ctx context.Context, c Companion) (*Service, error) {
	service := s.service(c.Name)
	service.command, service.ready = c.Command, c.Ready
	s.beside = append(s.beside, service)
	return service, service.Start(ctx)
}

// Prometheus is one that keeps what it reads for as long as the stack lives.
type Prometheus struct {
	*Service
	URL string // without a path
}

// StartPrometheus runs Prometheus at the stack's port with the files given by
// name; prometheus.yml must be among them, and names the others relative to
// itself.
func (s *Stack) StartPrometheus(ctx context.Context, files map[string][]byte) (*Prometheus, error) {
	dir := filepath.Join(s.Dir, "prometheus")
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("start prometheus: %w", err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, fmt.Errorf("start prometheus: %w", err)
		}
	}
	p := &Prometheus{URL: "http://" + loopback(s.Ports.Prometheus)}
	var err error
	p.Service, err = s.Beside(ctx, Companion{
		Name: NamePrometheus,
		Command: func() *exec.Cmd {
			return exec.Command(filepath.Join(s.root, "bin", "prometheus"),
				"--config.file="+filepath.Join(dir, "prometheus.yml"),
				"--storage.tsdb.path="+filepath.Join(dir, "data"), "--storage.tsdb.retention.time=2d",
				"--web.listen-address="+loopback(s.Ports.Prometheus),
				// Its pages are Debian's, which the program looks for at their place on a server.
				"--web.local-assets="+filepath.Join(s.root, "bookworm/usr/share/prometheus/web")+"/",
				"--log.level=warn")
		},
		Ready: func(ctx context.Context) error { return Answers(ctx, p.URL+"/-/ready") },
	})
	return p, err
}

// Answers asks an address once, and is nil if the answer is 200.
func Answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Close = true // a service that is waited for gets no standing connections
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(reply.Body, 200))
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", url, reply.Status, text)
	}
	return nil
}
