package recordings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Rate is how many samples each side has in a second.
const Rate = 8000

// quiet is the A-law byte for no sound.
const quiet = 0xD5

// headerSize is the length of what stands before the sound: RIFF, fmt of 18
// bytes, fact, and the head of data.
const headerSize = 58

// waveHeader is that of a stereo A-law WAV (format tag 6 of RFC 2361) with so
// many samples a side.
func waveHeader(samples int64) []byte {
	var b bytes.Buffer
	sound := uint32(2 * samples)
	write := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // into memory
		}
	}
	write([]byte("RIFF"), uint32(headerSize-8)+sound, []byte("WAVE"))
	write([]byte("fmt "), uint32(18), uint16(6), uint16(2), uint32(Rate), uint32(2*Rate), uint16(2), uint16(8), uint16(0))
	write([]byte("fact"), uint32(4), uint32(samples))
	write([]byte("data"), sound)
	return b.Bytes()
}

// longest is what a WAV's 32-bit sizes can say: 74 hours.
const longest = (1<<32 - 1 - headerSize) / 2

// ErrTooLong: a side is longer than a WAV can be.
var ErrTooLong = errors.New("recordings: longer than 74 hours")

// sides reads two raw sides as one WAV. A side that is shorter is filled up
// with silence, so that both channels end together.
type sides struct {
	head     []byte
	from     [2]io.Reader
	left     int64
	raw      [2][]byte
	buf, out []byte
}

const stretch = 32 << 10 // samples handled at once

func newSides(heard, spoken io.Reader, samples int64) *sides {
	return &sides{
		head: waveHeader(samples), from: [2]io.Reader{heard, spoken}, left: samples,
		raw: [2][]byte{make([]byte, stretch), make([]byte, stretch)}, buf: make([]byte, 2*stretch),
	}
}

// Read implements io.Reader.
func (s *sides) Read(p []byte) (int, error) {
	if len(s.head) > 0 {
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n, nil
	}
	if len(s.out) == 0 {
		if s.left == 0 {
			return 0, io.EOF
		}
		if err := s.mix(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

func (s *sides) mix() error {
	n := int(min(s.left, stretch))
	for i, r := range s.from {
		got, err := io.ReadFull(r, s.raw[i][:n])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		for j := got; j < n; j++ {
			s.raw[i][j] = quiet
		}
	}
	s.out = s.buf[:2*n]
	for j := range n {
		s.out[2*j], s.out[2*j+1] = s.raw[0][j], s.raw[1][j]
	}
	s.left -= int64(n)
	return nil
}

// Length is how long so many samples sound.
func Length(samples int64) time.Duration { return time.Duration(samples) * (time.Second / Rate) }

// Samples reads from the head of a plain recording how many samples each side
// has. An error says that it is no recording of ours.
func Samples(head []byte) (int64, error) {
	if len(head) < headerSize {
		return 0, fmt.Errorf("recordings: only %d bytes long", len(head))
	}
	samples := int64(binary.LittleEndian.Uint32(head[headerSize-4:]) / 2)
	if !bytes.Equal(head[:headerSize], waveHeader(samples)) {
		return 0, errors.New("recordings: this is no stereo A-law WAV")
	}
	return samples, nil
}
