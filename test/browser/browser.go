package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/chromedp"

	"powerline/internal/stack"
)

// Options of a browser.
type Options struct {
	// Sound is a WAV file that the microphone plays; empty hums.
	Sound string
	// Flags are more of Chromium's: name and value, "" for a switch.
	Flags map[string]string
	// Width and Height of the window; 1366 × 768 unless set.
	Width, Height int
	// Language is what the browser asks for, such as "hi"; "hi" unless set.
	Language string
}

// Browser is a Chromium of its own, with a profile that is gone afterwards.
type Browser struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// Limit is how long anything may take.
const Limit = 30 * time.Second

// Open starts a browser.
func Open(ctx context.Context, o Options) (*Browser, error) {
	program, err := stack.Program(ctx, "chromium")
	if err != nil {
		return nil, err
	}
	if o.Width == 0 {
		o.Width, o.Height = 1366, 768
	}
	if o.Language == "" {
		o.Language = "hi"
	}
	flags := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program.Path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(o.Width, o.Height),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", o.Language), chromedp.Flag("accept-lang", o.Language),
		// Nothing but this machine is there.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		// A telephone in the browser, without anybody to say yes to it.
		chromedp.Flag("use-fake-ui-for-media-stream", true), chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("allow-loopback-in-peer-connection", true),
	}
	if o.Sound != "" {
		flags = append(flags, chromedp.Flag("use-file-for-fake-audio-capture", o.Sound))
	}
	for name, value := range o.Flags {
		if value == "" {
			flags = append(flags, chromedp.Flag(name, true))
			continue
		}
		flags = append(flags, chromedp.Flag(name, value))
	}
	b := &Browser{}
	b.ctx, b.cancel = chromedp.NewContext(context.WithoutCancel(ctx), chromedp.WithAllocatorOptions(flags...))
	stop := context.AfterFunc(ctx, b.cancel)
	defer stop()
	if err := chromedp.Do(b.ctx); err != nil {
		b.cancel()
		return nil, fmt.Errorf("browser: start Chromium: %w", err)
	}
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() {
	_ = chromedp.Cancel(b.ctx) // waits until it is gone
	b.cancel()
}

// Page is a window of somebody's, with cookies of its own.
type Page struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu         sync.Mutex
	complaints []string
}

// Page opens one.
func (b *Browser) Page() (*Page, error) {
	return open(b.ctx, chromedp.WithNewBrowserContext())
}

// Window opens a further one of the same person, with the same cookies.
func (p *Page) Window() (*Page, error) { return open(p.ctx) }

func open(of context.Context, options ...chromedp.ContextOption) (*Page, error) {
	p := &Page{}
	p.ctx, p.cancel = chromedp.NewContext(of, options...)
	if err := chromedp.Do(p.ctx); err != nil {
		p.cancel()
		return nil, fmt.Errorf("browser: open a page: %w", err)
	}
	messages := chromedp.Console(p.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || string(m.Type) == "error" {
				p.mu.Lock()
				p.complaints = append(p.complaints, m.String())
				p.mu.Unlock()
			}
		}
	}()
	return p, nil
}

// Close closes the page.
func (p *Page) Close() { p.cancel() }

// Context is chromedp's, for what has no method here.
func (p *Page) Context() context.Context { return p.ctx }

// Complaints are the errors since they were last asked for.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.complaints
	p.complaints = nil
	return all
}

// Do runs actions of chromedp, within Limit.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, Limit)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// Visit opens an address and waits until it is loaded.
func (p *Page) Visit(address string) error {
	if err := p.Do(chromedp.Navigate(address)); err != nil {
		return fmt.Errorf("browser: visit %s: %w", address, err)
	}
	return nil
}

// Reload loads the page again.
func (p *Page) Reload() error { return p.Do(chromedp.Reload()) }

// Click clicks what a CSS selector finds, once it can be seen.
func (p *Page) Click(css string) error {
	if err := p.Do(chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible)); err != nil {
		return fmt.Errorf("browser: click %s: %w", css, err)
	}
	return nil
}

// Type types a text into what a CSS selector finds.
func (p *Page) Type(css, text string) error {
	if err := p.Do(chromedp.SendKeys(chromedp.CSS(css), text, chromedp.NodeVisible)); err != nil {
		return fmt.Errorf("browser: type into %s: %w", css, err)
	}
	return nil
}

// Press presses keys wherever the focus is; package kb of chromedp has names for
// those that print nothing.
func (p *Page) Press(keys string) error { return p.Do(chromedp.KeyEvent(keys)) }

// Eval evaluates JavaScript in the page; a promise is awaited.
func Eval[T any](p *Page, script string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Limit)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		return value, fmt.Errorf("browser: evaluate %.80q: %w", script, err)
	}
	return value, nil
}

// Until waits until JavaScript says true, and returns how long that took. A page
// that is just being exchanged for another is asked again.
func (p *Page) Until(script string) (time.Duration, error) {
	began := time.Now()
	for {
		yes, err := Eval[bool](p, script)
		if yes && err == nil {
			return time.Since(began), nil
		}
		if p.ctx.Err() != nil || time.Since(began) > Limit {
			text, _ := Eval[string](p, `document.body ? document.body.innerText : ""`)
			return 0, errors.Join(fmt.Errorf("browser: not within %v: %s; the page says: %.400s", Limit, script, text), err)
		}
		select {
		case <-p.ctx.Done():
		case <-time.After(15 * time.Millisecond):
		}
	}
}

// UntilText waits until what a selector finds holds a text.
func (p *Page) UntilText(css, text string) (time.Duration, error) {
	return p.Until(fmt.Sprintf(`(document.querySelector(%s)?.innerText ?? "").includes(%s)`, quote(css), quote(text)))
}

// UntilAt waits until the page is at a path.
func (p *Page) UntilAt(path string) (time.Duration, error) {
	return p.Until(fmt.Sprintf(`location.pathname === %s && document.readyState === "complete"`, quote(path)))
}

// Text is what people read in what a selector finds.
func (p *Page) Text(css string) (string, error) {
	return Eval[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, quote(css)))
}

// Shot keeps a picture of the window under a name, and returns where.
func (p *Page) Shot(name string) (string, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Limit)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return "", fmt.Errorf("browser: take picture %s: %w", name, err)
	}
	dir, err := artefacts()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name+".png")
	return path, os.WriteFile(path, picture, 0o644)
}

func artefacts() (string, error) {
	dir := os.Getenv("ARTEFACTS")
	if dir == "" {
		root, err := stack.Root()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(filepath.Dir(root), "artefacts")
	}
	dir = filepath.Join(dir, "pictures")
	return dir, os.MkdirAll(dir, 0o755)
}

// quote makes a literal of JavaScript.
func quote(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(out)
}
