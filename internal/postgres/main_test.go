package postgres

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

var (
	server    *stack.Stack
	databases atomic.Int64
)

func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true}, func(s *stack.Stack) int {
		server = s
		return m.Run()
	}))
}

// address of a new, empty database.
func address(t *testing.T) string { return addressFrom(t, "template1") }

// addressFrom is that of a new copy of a database.
func addressFrom(t *testing.T, template string) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	c, err := pgx.Connect(t.Context(), server.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(server.Postgres.URL, "/postgres?", "/"+name+"?", 1)
}

var testKeys = Keys{Fingerprint: bytes.Repeat([]byte{7}, 32), Seal: bytes.Repeat([]byte{9}, 32)}

// setup is a database of this test alone, with the schema in it.
func setup(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), addressFrom(t, migrated(t)), Options{Keys: testKeys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

var migratedOnce struct {
	sync.Mutex
	name string
}

// migrated names a database with the schema in it, to make copies of: that
// takes a third of the time that migrating takes.
func migrated(t *testing.T) string {
	t.Helper()
	migratedOnce.Lock()
	defer migratedOnce.Unlock()
	if migratedOnce.name != "" {
		return migratedOnce.name
	}
	dsn := address(t)
	db, err := Open(t.Context(), dsn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.pool.QueryRow(t.Context(), `SELECT current_database()`).Scan(&migratedOnce.name); err != nil {
		t.Fatal(err)
	}
	return migratedOnce.name
}

func (db *DB) count(t *testing.T, table string) (n int) {
	t.Helper()
	if err := db.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("not within 30 s: " + what)
		}
		<-time.After(20 * time.Millisecond)
	}
}
