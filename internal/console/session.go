package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"powerline/internal/postgres"
)

// What a session holds, by key. All values are texts.
const (
	keyAccount    = "account"
	keyGeneration = "generation"
	keyStage      = "stage"
)

// How far somebody has signed in.
const (
	stageCode   = "code"   // the password was right; a one-time code is next
	stageEnrol  = "enrol"  // … but there is no authenticator yet
	stageChange = "change" // the password must be changed
	stageIn     = "in"
	// stageDisplay is a screen on a wall: whoever put it up is gone.
	stageDisplay = "display"
)

func newSessions(store scs.CtxStore, o Options) *scs.SessionManager {
	s := scs.New()
	s.Store, s.Codec = store, plainCodec{}
	s.HashTokenInStore = true
	s.IdleTimeout, s.Lifetime = o.Idle, o.Absolute
	s.Cookie = scs.SessionCookie{Name: "session", Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: o.TLS}
	if o.TLS {
		s.Cookie.Name = "__Host-session"
	}
	return s
}

// plainCodec writes sessions as JSON: their values are texts.
type plainCodec struct{}

type written struct {
	Deadline time.Time
	Values   map[string]string
}

// Encode implements scs.Codec.
func (plainCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	w := written{deadline.UTC(), map[string]string{}}
	for key, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, errors.New("console: a session holds texts only")
		}
		w.Values[key] = text
	}
	return json.Marshal(w)
}

// Decode implements scs.Codec.
func (plainCodec) Decode(data []byte) (time.Time, map[string]any, error) {
	var w written
	if err := json.Unmarshal(data, &w); err != nil {
		return time.Time{}, nil, err
	}
	values := map[string]any{}
	for key, text := range w.Values {
		values[key] = text
	}
	return w.Deadline, values, nil
}

// know loads the session of a request and who is signed in.
func (c *Console) know(r *Request) error {
	token := ""
	if cookie, err := r.Cookie(c.sessions.Cookie.Name); err == nil && len(cookie.Value) <= 64 {
		token = cookie.Value
	}
	ctx, err := c.sessions.Load(r.Context(), token)
	if err != nil {
		return err
	}
	r.Request = r.WithContext(ctx)
	account, stage, err := c.signedInAs(ctx)
	if err != nil {
		return err
	}
	if stage != stageIn && stage != stageDisplay {
		return nil
	}
	r.User = userAt(account, stage)
	if !r.route.Live {
		_, _, err = c.sessions.Commit(ctx) // that she did something
	}
	return err
}

// signedInAs is the account of a session and how far it has signed in; no stage
// when nobody has, or whoever had must do it again.
func (c *Console) signedInAs(ctx context.Context) (postgres.Account, string, error) {
	id := c.sessions.GetString(ctx, keyAccount)
	if id == "" {
		return postgres.Account{}, "", nil
	}
	u, err := c.people.account(ctx, id)
	switch {
	case errors.Is(err, postgres.ErrNoAccount):
		return postgres.Account{}, "", nil
	case err != nil:
		return postgres.Account{}, "", err
	case u.Locked || !u.Active || strconv.FormatInt(u.Generation, 10) != c.sessions.GetString(ctx, keyGeneration):
		return postgres.Account{}, "", nil
	}
	return u, c.sessions.GetString(ctx, keyStage), nil
}

// still reports whether the session of a stream is what it was when it began. A
// call in hand keeps it from going idle, and a screen on a wall never does.
func (c *Console) still(r *Request) bool {
	cookie, err := r.Cookie(c.sessions.Cookie.Name)
	if err != nil {
		return false
	}
	ctx, err := c.sessions.Load(context.WithoutCancel(context.Background()), cookie.Value)
	if err != nil {
		return false
	}
	u, stage, err := c.signedInAs(ctx)
	if err != nil || stage != stageIn && stage != stageDisplay || userAt(u, stage).Role != r.User.Role || u.ID != r.User.ID {
		return false
	}
	if stage == stageDisplay || r.User.Agent != "" && c.Busy(r.User.Agent) {
		_, _, err = c.sessions.Commit(ctx)
	}
	return err == nil
}

// userAt is who somebody is who has signed in so far. A screen is nobody: neither
// whose account it was, nor a seat.
func userAt(u postgres.Account, stage string) User {
	if stage == stageDisplay {
		return User{ID: u.ID, Role: Display}
	}
	role := Role(u.Role)
	return User{
		ID: u.ID, Login: u.Login, Role: role, Agent: u.Agent, Profile: u.Profile,
		Women: role == Supervisor || u.Profile.Woman && (role == Agent || role == Counsellor),
	}
}

// enter gives the session a new token and a stage, and the browser the token:
// whoever knew the old one knows nothing any more.
func (c *Console) enter(r *Request, u postgres.Account, stage string) error {
	ctx := r.Context()
	if err := c.sessions.RenewToken(ctx); err != nil {
		return err
	}
	c.sessions.Put(ctx, keyAccount, u.ID)
	c.sessions.Put(ctx, keyGeneration, strconv.FormatInt(u.Generation, 10))
	c.sessions.Put(ctx, keyStage, stage)
	if stage == stageDisplay {
		c.sessions.SetDeadline(ctx, r.Now.Add(c.Display))
	}
	token, expiry, err := c.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	c.people.learn(u)
	c.sessions.WriteSessionCookie(ctx, r.Writer, token, expiry)
	return nil
}

// BecomeDisplay makes her session in this browser that of a screen on a wall: she
// is signed out here, and what is left shows figures only, until Options.Display
// is over, her account is locked or changed, or somebody signs it out.
func (r *Request) BecomeDisplay() error {
	u, stage, err := r.console.signedInAs(r.Context())
	if err != nil {
		return err
	}
	if stage != stageIn {
		return Refuse(http.StatusUnauthorized, "sign-in")
	}
	if err := r.console.Store.SignedIn(r.Context(), u.ID, "display", r.Now); err != nil {
		return err
	}
	return r.console.enter(r, u, stageDisplay)
}

// leave ends the session.
func (c *Console) leave(r *Request) error {
	if err := c.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	c.sessions.WriteSessionCookie(r.Context(), r.Writer, "", time.Time{})
	return nil
}

const (
	// freshFor is how long what was read of the database is taken for true: as long
	// as a session may outlive its end.
	freshFor = 2 * time.Second
	// awayFor is how long the database is not asked again when it did not answer.
	awayFor = time.Second
	// askFor is how long an answer is awaited.
	askFor = 700 * time.Millisecond
	// writeEvery: that somebody did something is written down once in this time, and
	// sooner where sessions go idle sooner.
	writeEvery = time.Minute
	// mostKept sessions are held in memory.
	mostKept = 5000
)

// keeper is the sessions in the database, and in memory for when that is away.
type keeper struct {
	store Sessions
	log   *slog.Logger
	now   func() time.Time
	every time.Duration // that somebody did something is written down

	mu    sync.Mutex
	of    map[string]*kept
	ended map[string]time.Time // ends that the database has not heard of, and until when that matters
	away  time.Time            // not asked again before this
}

type kept struct {
	data    []byte
	expires time.Time
	read    time.Time // when the database last said so
	stored  time.Time // the end that the database knows; zero: it knows nothing
}

func newKeeper(store Sessions, log *slog.Logger, idle time.Duration) *keeper {
	return &keeper{store: store, log: log, now: time.Now, every: min(writeEvery, idle/4), of: map[string]*kept{}, ended: map[string]time.Time{}}
}

// look is what memory says: the session, and whether that may be taken for true
// without asking.
func (k *keeper) look(hash string) (s kept, known, enough bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if _, ended := k.ended[hash]; ended {
		return kept{}, false, true
	}
	one, known := k.of[hash]
	if known && !now.Before(one.expires) {
		delete(k.of, hash)
		known = false
	}
	if !known {
		return kept{}, false, false
	}
	return *one, true, now.Sub(one.read) < freshFor || now.Before(k.away)
}

// note says whether the database has answered.
func (k *keeper) note(err error) (away bool) {
	if !postgres.Away(err) {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = k.now().Add(awayFor)
	return true
}

// put keeps a session in memory.
func (k *keeper) put(hash string, s kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.of[hash]; !known && len(k.of) >= mostKept {
		k.makeRoom()
	}
	k.of[hash] = &s
}

// makeRoom drops who was seen longest ago: she is in the database.
func (k *keeper) makeRoom() {
	oldest, at := "", time.Time{}
	for hash, s := range k.of {
		if oldest == "" || s.read.Before(at) {
			oldest, at = hash, s.read
		}
	}
	delete(k.of, oldest)
}

// FindCtx implements scs.CtxStore.
func (k *keeper) FindCtx(ctx context.Context, hash string) ([]byte, bool, error) {
	s, known, enough := k.look(hash)
	if enough {
		return s.data, known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	data, expires, found, err := k.store.Session(ctx, hash, k.now())
	switch {
	case err != nil && known && k.note(err):
		return s.data, true, nil
	case err != nil:
		return nil, false, err
	case !found && known && s.stored.IsZero():
		return s.data, true, k.CommitCtx(ctx, hash, s.data, s.expires) // it was away when this session changed
	case !found:
		k.forget(hash)
		return nil, false, nil
	}
	if known && s.expires.After(expires) && bytes.Equal(data, s.data) {
		expires, s.stored = s.expires, expires
	} else {
		s.stored = expires
	}
	k.put(hash, kept{data: data, expires: expires, read: k.now(), stored: s.stored})
	return data, true, nil
}

// CommitCtx implements scs.CtxStore.
func (k *keeper) CommitCtx(ctx context.Context, hash string, data []byte, expires time.Time) error {
	s, known, _ := k.look(hash)
	if known && bytes.Equal(s.data, data) && !s.stored.IsZero() && expires.Sub(s.stored) < k.every {
		s.expires = expires
		k.put(hash, s)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	stored := expires
	if err := k.store.KeepSession(ctx, hash, data, expires); err != nil {
		if !known || !k.note(err) {
			return err
		}
		if stored = s.stored; !bytes.Equal(s.data, data) {
			stored = time.Time{}
		}
	}
	read := s.read
	if !known {
		read = k.now()
	}
	k.put(hash, kept{data: data, expires: expires, read: read, stored: stored})
	return nil
}

// DeleteCtx implements scs.CtxStore. A session that has ended is ended here at
// once, whether or not the database hears of it now.
func (k *keeper) DeleteCtx(ctx context.Context, hash string) error {
	if hash == "" {
		return nil
	}
	k.forget(hash)
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	err := k.store.EndSession(ctx, hash)
	if k.note(err) {
		k.mu.Lock()
		k.ended[hash] = k.now().Add(24 * time.Hour)
		k.mu.Unlock()
		return nil
	}
	return err
}

func (k *keeper) forget(hash string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.of, hash)
}

// tidy tells the database what it has missed, and drops what is over.
func (k *keeper) tidy(ctx context.Context) {
	k.mu.Lock()
	now := k.now()
	var untold []string
	for hash := range k.ended {
		untold = append(untold, hash)
	}
	for hash, s := range k.of {
		if !now.Before(s.expires) {
			delete(k.of, hash)
		}
	}
	k.mu.Unlock()
	for _, hash := range untold {
		if err := k.store.EndSession(ctx, hash); err != nil {
			k.log.Warn("a session that has ended could not be removed; tried again in a minute", "error", err)
			return
		}
		k.mu.Lock()
		delete(k.ended, hash)
		k.mu.Unlock()
	}
	if err := k.store.SweepSessions(ctx, now); err != nil {
		k.log.Warn("old sessions could not be swept; tried again in a minute", "error", err)
	}
}

// Find implements scs.Store.
func (k *keeper) Find(hash string) ([]byte, bool, error) {
	return k.FindCtx(context.Background(), hash)
}

// Commit implements scs.Store.
func (k *keeper) Commit(hash string, data []byte, expires time.Time) error {
	return k.CommitCtx(context.Background(), hash, data, expires)
}

// Delete implements scs.Store.
func (k *keeper) Delete(hash string) error { return k.DeleteCtx(context.Background(), hash) }

// people are the accounts of who is signed in, kept for when the database is away.
type people struct {
	store Accounts
	now   func() time.Time

	mu   sync.Mutex
	of   map[string]knownAccount
	away time.Time
}

type knownAccount struct {
	postgres.Account
	read time.Time
}

func newPeople(store Accounts) *people {
	return &people{store: store, now: time.Now, of: map[string]knownAccount{}}
}

func (p *people) account(ctx context.Context, id string) (postgres.Account, error) {
	p.mu.Lock()
	one, known := p.of[id]
	now := p.now()
	away := now.Before(p.away)
	p.mu.Unlock()
	if known && (now.Sub(one.read) < freshFor || away) {
		return one.Account, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	u, err := p.store.Account(ctx, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.keep(u)
	case known && postgres.Away(err):
		p.away = p.now().Add(awayFor)
		return one.Account, nil
	case errors.Is(err, postgres.ErrNoAccount):
		delete(p.of, id)
	}
	return u, err
}

// learn takes in an account as it is now.
func (p *people) learn(u postgres.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(u)
}

func (p *people) keep(u postgres.Account) {
	if len(p.of) >= mostKept {
		clear(p.of)
	}
	p.of[u.ID] = knownAccount{u, p.now()}
}
