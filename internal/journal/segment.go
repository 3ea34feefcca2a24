package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// A record on disk: length of the body (4 bytes, little endian), CRC-32C of
// the body (4 bytes), length of the kind (1 byte, part of the body), kind, data.
const (
	headerBytes = 8
	maxRecord   = 1 << 20
	maxKind     = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTorn: the file ends inside a record. errDamaged: the bytes are there and
// are not what was written.
var (
	errTorn    = errors.New("journal: torn record")
	errDamaged = errors.New("journal: damaged record")

	// ErrBounds: a record that no journal takes, now or later.
	ErrBounds = errors.New("journal: record out of bounds")
)

// encode appends the record's bytes.
func encode(to []byte, e Entry) ([]byte, error) {
	n := 1 + len(e.Kind) + len(e.Data)
	if len(e.Kind) == 0 || len(e.Kind) > maxKind || n > maxRecord {
		return to, fmt.Errorf("%w: kind of %d, data of %d bytes", ErrBounds, len(e.Kind), len(e.Data))
	}
	start := len(to)
	to = append(to, make([]byte, headerBytes)...)
	to = append(to, byte(len(e.Kind)))
	to = append(to, e.Kind...)
	to = append(to, e.Data...)
	body := to[start+headerBytes:]
	binary.LittleEndian.PutUint32(to[start:], uint32(n))
	binary.LittleEndian.PutUint32(to[start+4:], crc32.Checksum(body, castagnoli))
	return to, nil
}

// decode reads one record; size is what it takes on disk. io.EOF is a clean end.
func decode(r *bufio.Reader) (e Entry, size int64, err error) {
	var header [headerBytes]byte
	if n, err := io.ReadFull(r, header[:]); err != nil {
		if n == 0 && errors.Is(err, io.EOF) {
			return Entry{}, 0, io.EOF
		}
		return Entry{}, 0, tornOr(err)
	}
	n := binary.LittleEndian.Uint32(header[:])
	if n == 0 && header == [headerBytes]byte{} {
		// The file system made room that was never written: a torn tail.
		return Entry{}, 0, errTorn
	}
	if n < 2 || n > maxRecord {
		return Entry{}, 0, errDamaged
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return Entry{}, 0, tornOr(err)
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(header[4:]) {
		return Entry{}, 0, errDamaged
	}
	k := int(body[0])
	if k == 0 || k > maxKind || 1+k > len(body) {
		return Entry{}, 0, errDamaged
	}
	return Entry{Kind: string(body[1 : 1+k]), Data: body[1+k:]}, headerBytes + int64(n), nil
}

func tornOr(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTorn
	}
	return err
}

// segment is one file. Bytes beyond size are of records never accepted.
type segment struct {
	path    string
	size    int64
	records int64
	began   time.Time
}

// scan finds how much of a segment is good. The error is errTorn, errDamaged,
// or that the file cannot be read.
func scan(path string) (size, records int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, fmt.Errorf("journal: open segment: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 64<<10)
	for {
		_, n, err := decode(r)
		switch {
		case errors.Is(err, io.EOF):
			return size, records, nil
		case err != nil:
			return size, records, err
		}
		size += n
		records++
	}
}
