package prompts

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"time"
)

const (
	// rate is the sampling rate of a telephone line.
	rate = 8000
	// frame is the stretch over which loudness is judged: 10 ms.
	frame = rate / 100
	// quiet is the loudness below which a frame at either end is cut off.
	quiet = 0.004
	// before and after are the frames kept around the speech, so that soft
	// consonants at either end survive.
	before, after = 3, 6
	// loudness is the level of speech, -20 dB of full scale over the frames in
	// which somebody speaks; ceiling, -1 dB, keeps the loudest sample from
	// clipping and wins over the loudness.
	loudness, ceiling = 0.1, 0.89
	// speechAbove is how far below the loudest frame a frame still counts as
	// speech: 30 dB.
	speechAbove = 0.0316
	// longest bounds a prompt: nothing that holds up the line lasts longer.
	longest = 30 * time.Second
)

// sound is audio at 8 kHz, one channel.
type sound []int16

// fromRaw reads 16-bit little-endian samples.
func fromRaw(raw []byte) sound {
	s := make(sound, len(raw)/2)
	for i := range s {
		s[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	return s
}

// lasts is how long the sound is.
func (s sound) lasts() time.Duration { return time.Duration(len(s)) * time.Second / rate }

// levels is the loudness (root mean square, 1 is full scale) of each frame.
func (s sound) levels() []float64 {
	var list []float64
	for start := 0; start < len(s); start += frame {
		list = append(list, s[start:min(start+frame, len(s))].rms())
	}
	return list
}

func (s sound) rms() float64 {
	if len(s) == 0 {
		return 0
	}
	var sum float64
	for _, v := range s {
		x := float64(v) / 32768
		sum += x * x
	}
	return math.Sqrt(sum / float64(len(s)))
}

// peak is the loudest sample, 1 is full scale.
func (s sound) peak() float64 {
	var p float64
	for _, v := range s {
		p = max(p, math.Abs(float64(v))/32768)
	}
	return p
}

// speechLevel is the loudness over the frames in which somebody speaks: pauses
// between words must not make a prompt louder than the others.
func (s sound) speechLevel() float64 {
	list := s.levels()
	var loudest, sum float64
	for _, l := range list {
		loudest = max(loudest, l)
	}
	n := 0
	for _, l := range list {
		if l > 0 && l >= loudest*speechAbove {
			sum += l * l
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(sum / float64(n))
}

// trimmed cuts the silence off both ends.
func (s sound) trimmed() sound {
	list := s.levels()
	first, last := -1, -1
	for i, l := range list {
		if l < quiet {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	if first < 0 {
		return nil
	}
	return s[max(first-before, 0)*frame : min((last+1+after)*frame, len(s))]
}

// leveled brings the speech to the common loudness.
func (s sound) leveled() sound {
	gain := min(loudness/s.speechLevel(), ceiling/s.peak())
	out := make(sound, len(s))
	for i, v := range s {
		out[i] = int16(math.Round(float64(v) * gain))
	}
	return out
}

// finished is the prompt as it is played.
func (s sound) finished() (sound, error) {
	s = s.trimmed()
	switch {
	case len(s) == 0:
		return nil, errors.New("nothing can be heard in it")
	case s.lasts() > longest:
		return nil, errors.New("lasts longer than " + longest.String())
	}
	return s.leveled(), nil
}

// alaw is the sound as ITU-T G.711 A-law, which the trunk speaks.
func (s sound) alaw() []byte {
	out := make([]byte, len(s))
	for i, v := range s {
		out[i] = alawByte(v)
	}
	return out
}

// alawByte compresses 13 bits into a sign, one of eight segments of doubling
// width, and four bits inside the segment; alternate bits are inverted.
func alawByte(sample int16) byte {
	v, mask := int(sample)>>3, byte(0xD5)
	if v < 0 {
		v, mask = -v-1, 0x55
	}
	segment := max(bits.Len(uint(v))-5, 0)
	return (byte(segment<<4) | byte(v>>max(segment, 1)&0x0F)) ^ mask
}

// wav is the sound as a file that people can listen to.
func (s sound) wav() []byte {
	size := uint32(2 * len(s))
	var b bytes.Buffer
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a Buffer takes everything
	b.WriteString("RIFF")
	le(36 + size)
	b.WriteString("WAVEfmt ")
	le(uint32(16))
	le([]uint16{1, 1}) // PCM, one channel
	le([]uint32{rate, 2 * rate})
	le([]uint16{2, 16}) // bytes a sample, bits a sample
	b.WriteString("data")
	le(size)
	le([]int16(s))
	return b.Bytes()
}
