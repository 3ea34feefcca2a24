// Package bucket keeps sealed recordings in an S3-compatible store, as package
// recordings keeps them on a disk.
//
// What lies there is sealed before it leaves the host: the store, and who runs it,
// can read nothing, and what it changes is found when a recording is verified.
//
// # Failure handling
//
// Opening asks nothing of the network, so that a store that is away keeps nobody
// from starting. Each request has a limit. A Put that did not return nil has left
// nothing that anybody sees; the sealer tries again.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"path"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"powerline/recordings"
)

// Options of a bucket.
type Options struct {
	Endpoint string // https://host or https://host:port; http for this machine alone
	Name     string // of the bucket, which must exist
	Prefix   string // before each object's name; empty for none
	Region   string // as the store calls it
	// AccessKey and SecretKey may read, write and delete below Prefix.
	AccessKey, SecretKey string
	// Within is the limit of one request, and of a whole Put ten of it; 30 s if zero.
	Within time.Duration
}

// Bucket is a recordings.Store. It may be used by many at once.
type Bucket struct {
	core   minio.Core
	name   string
	prefix string
	within time.Duration
}

const (
	tries = 3
	// ahead is how much is read at once: a player asks for little pieces, one after
	// the other.
	ahead = 1 << 20
)

// Open makes a Bucket. It does not look whether the store is there: see Reach.
func Open(o Options) (*Bucket, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" {
		return nil, errors.New("bucket: the endpoint is no address such as https://s3.example.org")
	}
	if o.Within == 0 {
		o.Within = 30 * time.Second
	}
	transport, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, fmt.Errorf("bucket: open %s: %w", o.Endpoint, err)
	}
	transport.ResponseHeaderTimeout = o.Within
	client, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""), Secure: u.Scheme == "https",
		Region: o.Region, BucketLookup: minio.BucketLookupPath, Transport: transport, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("bucket: open %s: %w", o.Endpoint, err)
	}
	return &Bucket{core: minio.Core{Client: client}, name: o.Name, prefix: o.Prefix, within: o.Within}, nil
}

// Reach asks the store whether the bucket is there and may be used.
func (b *Bucket) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	there, err := b.core.BucketExists(ctx, b.name)
	switch {
	case err != nil:
		return b.failed("ask for the bucket", err)
	case !there:
		return fmt.Errorf("bucket: there is no bucket %s: make it, or mend recordings.bucket.name", b.name)
	}
	return nil
}

func (b *Bucket) key(name string) (string, error) {
	if !recordings.IsObject(name) {
		return "", fmt.Errorf("bucket: %q is no name of an object", name)
	}
	return path.Join(b.prefix, name), nil
}

// Put implements recordings.Store. What is written is in memory until the store
// has it, so that it goes in one request, which may be sent again: sealed, a
// conversation has about 1 MB a minute.
func (b *Bucket) Put(parent context.Context, name string, write func(io.Writer) error) error {
	key, err := b.key(name)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := write(&body); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(parent, 10*b.within)
	defer cancel()
	info, err := b.core.Client.PutObject(ctx, b.name, key, bytes.NewReader(body.Bytes()), int64(body.Len()), minio.PutObjectOptions{
		DisableMultipart: true, ContentType: "application/octet-stream", SendContentMd5: true,
	})
	switch {
	case context.Cause(parent) != nil && err != nil:
		return context.Cause(parent)
	case err != nil:
		return b.failed("put an object", err)
	case info.Size != int64(body.Len()):
		return fmt.Errorf("bucket: put an object: %d of %d bytes arrived", info.Size, body.Len())
	}
	return nil
}

// Open implements recordings.Store. Reading goes on after ctx has ended, each
// request within its own limit.
func (b *Bucket) Open(parent context.Context, name string) (recordings.Object, error) {
	key, err := b.key(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(parent, b.within)
	defer cancel()
	info, err := b.core.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
	switch {
	case isMissing(err):
		return nil, recordings.ErrNoObject
	case err != nil:
		return nil, b.failed("open an object", err)
	}
	return &object{b: b, ctx: context.WithoutCancel(parent), key: key, size: info.Size}, nil
}

// Remove implements recordings.Store.
func (b *Bucket) Remove(parent context.Context, name string) error {
	key, err := b.key(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(parent, b.within)
	defer cancel()
	if err := b.core.Client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil && !isMissing(err) {
		return b.failed("remove an object", err)
	}
	return nil
}

// Free implements recordings.Store: a bucket has no end that it would tell.
func (b *Bucket) Free(context.Context) (int64, error) { return math.MaxInt64, nil }

// failed says what to do about an error of the store.
func (b *Bucket) failed(what string, err error) error {
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("bucket: %s: the store refuses the access key for bucket %s: it must read, write and delete there: %w", what, b.name, err)
	case answer.Code == minio.NoSuchBucket:
		return fmt.Errorf("bucket: %s: there is no bucket %s: make it, or mend recordings.bucket.name: %w", what, b.name, err)
	}
	return fmt.Errorf("bucket: %s: %w", what, err)
}

func isMissing(err error) bool { return minio.ToErrorResponse(err).Code == minio.NoSuchKey }

// object is read piece by piece, each piece kept until another is asked for.
type object struct {
	b    *Bucket
	ctx  context.Context
	key  string
	size int64

	mu    sync.Mutex
	from  int64
	piece []byte
}

func (o *object) Size() int64  { return o.size }
func (o *object) Close() error { return nil }

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(p []byte, at int64) (n int, err error) {
	if at < 0 {
		return 0, errors.New("bucket: read an object before its beginning")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for n < len(p) {
		if at >= o.size {
			return n, io.EOF
		}
		if at < o.from || at >= o.from+int64(len(o.piece)) {
			if err := o.fetch(at); err != nil {
				return n, err
			}
		}
		copied := copy(p[n:], o.piece[at-o.from:])
		n, at = n+copied, at+int64(copied)
	}
	return n, nil
}

// fetch gets the piece that begins at a place.
func (o *object) fetch(at int64) error {
	ctx, cancel := context.WithTimeout(o.ctx, o.b.within)
	defer cancel()
	until := min(at+ahead, o.size)
	options := minio.GetObjectOptions{}
	if err := options.SetRange(at, until-1); err != nil {
		return o.b.failed("read an object", err)
	}
	body, _, _, err := o.b.core.GetObject(ctx, o.b.name, o.key, options)
	switch {
	case isMissing(err):
		return recordings.ErrNoObject
	case err != nil:
		return o.b.failed("read an object", err)
	}
	defer body.Close()
	piece := make([]byte, until-at)
	if _, err := io.ReadFull(body, piece); err != nil {
		return o.b.failed("read an object", err)
	}
	o.from, o.piece = at, piece
	return nil
}
