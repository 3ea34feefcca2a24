package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"
)

// Store holds sealed recordings by the names of ID.Object.
type Store interface {
	// Put takes what write writes, all or nothing: when it returns nil the object
	// survives a power cut, and until then nobody sees it. An object of that name
	// is replaced.
	Put(ctx context.Context, name string, write func(io.Writer) error) error
	// Open gives an object for reading. ErrNoObject: there is none.
	Open(ctx context.Context, name string) (Object, error)
	// Remove takes an object away; one that is not there is no error.
	Remove(ctx context.Context, name string) error
	// Free says how many bytes may still be stored; a store without a limit says
	// the largest number.
	Free(ctx context.Context) (int64, error)
}

// Object is a sealed recording that was opened.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// ErrNoObject: the store has nothing of this name.
var ErrNoObject = errors.New("recordings: the store has no such object")

var objectName = regexp.MustCompile(`^[a-z2-7]{2}/r[a-z2-7]{25}\.age$`)

// IsObject reports whether a name is one that ID.Object makes.
func IsObject(name string) bool { return objectName.MatchString(name) }

// Disk is a store in a directory.
type Disk struct{ dir string }

const staging = "staging"

// OpenDisk makes the directory if it is missing, readable to nobody else.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(filepath.Join(dir, staging), 0o700); err != nil {
		return nil, fmt.Errorf("recordings: open the store: %w", err)
	}
	return &Disk{dir}, nil
}

// Dir is where the store lies.
func (d *Disk) Dir() string { return d.dir }

func (d *Disk) path(name string) (string, error) {
	if !IsObject(name) {
		return "", fmt.Errorf("recordings: %q is no name of an object", name)
	}
	return filepath.Join(d.dir, filepath.FromSlash(name)), nil
}

// Put implements Store.
func (d *Disk) Put(ctx context.Context, name string, write func(io.Writer) error) error {
	path, err := d.path(name)
	if err != nil {
		return err
	}
	switch err := os.Mkdir(filepath.Dir(path), 0o700); {
	case err == nil:
		if err := syncDir(d.dir); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("recordings: store: %w", err)
	}
	return writeFile(ctx, filepath.Join(d.dir, staging, filepath.Base(path)), path, write)
}

// writeFile writes beside, syncs, and renames: the file is whole or not there.
func writeFile(ctx context.Context, beside, path string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(beside, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("recordings: store: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(beside)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("recordings: store: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fmt.Errorf("recordings: store: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("recordings: store: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("recordings: store: %w", err)
	}
	return nil
}

// Open implements Store.
func (d *Disk) Open(_ context.Context, name string) (Object, error) {
	path, err := d.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoObject
	case err != nil:
		return nil, fmt.Errorf("recordings: open an object: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("recordings: open an object: %w", err)
	}
	return object{f, info.Size()}, nil
}

type object struct {
	*os.File
	size int64
}

func (o object) Size() int64 { return o.size }

// Remove implements Store.
func (d *Disk) Remove(_ context.Context, name string) error {
	path, err := d.path(name)
	if err != nil {
		return err
	}
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("recordings: remove an object: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// Free implements Store.
func (d *Disk) Free(context.Context) (int64, error) { return FreeAt(d.dir) }

// FreeAt is how many bytes may still be written where a directory lies.
func FreeAt(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("recordings: ask for the store's free space: %w", err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}
