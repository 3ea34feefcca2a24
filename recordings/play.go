package recordings

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// Player is a plain recording as every browser plays it: a WAV of 16-bit
// samples, made while it is read, from anywhere in it.
type Player struct {
	plain   io.ReaderAt
	samples int64
	mono    bool
	head    []byte
}

// NewPlayer plays a plain WAV of ours (samples a side); mono mixes both sides.
func NewPlayer(plain io.ReaderAt, samples int64, mono bool) *Player {
	channels := 2
	if mono {
		channels = 1
	}
	p := &Player{plain: plain, samples: samples, mono: mono}
	sound := uint32(int64(2*channels) * samples)
	var b bytes.Buffer
	for _, v := range []any{
		[]byte("RIFF"), 36 + sound, []byte("WAVEfmt "), uint32(16), uint16(1), uint16(channels), uint32(Rate), uint32(2 * channels * Rate),
		uint16(2 * channels), uint16(16), []byte("data"), sound,
	} {
		_ = binary.Write(&b, binary.LittleEndian, v) // into memory
	}
	p.head = b.Bytes()
	return p
}

// LongestPlayed is how many samples a side a Player's 32-bit sizes can say: 37
// hours.
const LongestPlayed = (1<<32 - 1 - 44) / 4

// Size of the WAV in bytes.
func (p *Player) Size() int64 { return int64(len(p.head)) + p.samples*int64(p.frame()) }

// frame is how many bytes both sides of one sample take.
func (p *Player) frame() int {
	if p.mono {
		return 2
	}
	return 4
}

// ReadAt implements io.ReaderAt.
func (p *Player) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("recordings: play from %d", off)
	}
	for n < len(b) && off < p.Size() {
		if off < int64(len(p.head)) {
			m := copy(b[n:], p.head[off:])
			n, off = n+m, off+int64(m)
			continue
		}
		m, err := p.sound(b[n:], off-int64(len(p.head)))
		n, off = n+m, off+int64(m)
		if err != nil {
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// sound reads samples from a place behind the head.
func (p *Player) sound(b []byte, off int64) (int, error) {
	frame := int64(p.frame())
	first := off / frame
	count := min((int64(len(b))+off%frame+frame-1)/frame, p.samples-first, stretch)
	raw := make([]byte, 2*count)
	if n, err := p.plain.ReadAt(raw, headerSize+2*first); n < len(raw) {
		return 0, fmt.Errorf("recordings: play: %w", err)
	}
	out := make([]byte, 0, count*frame)
	for i := range count {
		left, right := linear[raw[2*i]], linear[raw[2*i+1]]
		if p.mono {
			out = binary.LittleEndian.AppendUint16(out, uint16((int32(left)+int32(right))/2))
			continue
		}
		out = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(out, uint16(left)), uint16(right))
	}
	return copy(b, out[off%frame:]), nil
}

// Peaks are the loudest samples of each side in so many equal stretches, from 0
// (silence) to 1: what a player draws.
func Peaks(ctx context.Context, plain io.ReaderAt, samples int64, stretches int) (heard, spoken []float64, err error) {
	if stretches < 1 || samples < 1 {
		return []float64{}, []float64{}, nil
	}
	stretches = int(min(int64(stretches), samples))
	heard, spoken = make([]float64, stretches), make([]float64, stretches)
	raw := make([]byte, 2*stretch)
	for at := int64(0); at < samples; {
		if err := context.Cause(ctx); err != nil {
			return nil, nil, err
		}
		count := min(samples-at, stretch)
		if n, err := plain.ReadAt(raw[:2*count], headerSize+2*at); int64(n) < 2*count {
			return nil, nil, fmt.Errorf("recordings: find peaks: %w", err)
		}
		for i := range count {
			slot := (at + i) * int64(stretches) / samples
			heard[slot] = max(heard[slot], loud(raw[2*i]))
			spoken[slot] = max(spoken[slot], loud(raw[2*i+1]))
		}
		at += count
	}
	return heard, spoken, nil
}

func loud(code byte) float64 {
	v := float64(linear[code])
	if v < 0 {
		v = -v
	}
	if v <= 8 { // A-law has no zero: this is silence
		return 0
	}
	return v / 32256
}
