package phone

import (
	"math"
	"math/rand/v2"
	"sync"
)

const (
	sampleRate   = 8000
	frameSamples = 160 // 20 ms, the only packet time that we offer
	toneLevel    = 8000
)

// Sound is what a phone says over and over. The nil Sound sends no packets.
// A phone that was not told what to say sends silence, as a telephone does.
type Sound struct {
	alaw, ulaw []byte
}

// Nothing sends no RTP at all: a phone behind a firewall, or muted by its
// network.
func Nothing() *Sound { return nil }

// Silence sends packets without any energy.
func Silence() *Sound { return silence() }

var silence = sync.OnceValue(func() *Sound { return PCM(make([]int16, frameSamples)) })

// Comfort sends faint noise, about -60 dB: a person who does not speak.
func Comfort() *Sound { return comfort() }

var comfort = sync.OnceValue(func() *Sound {
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([]int16, sampleRate)
	for i := range samples {
		samples[i] = int16(random.IntN(97) - 48)
	}
	return PCM(samples)
})

var tones sync.Map // Hz → *Sound

// Tone is a sine of a whole number of hertz: one second of it repeats without
// a seam. To tell phones apart, keep their tones at least 12 Hz from each other
// and between 300 and 3,300 Hz.
func Tone(hz int) *Sound {
	if known, ok := tones.Load(hz); ok {
		return known.(*Sound)
	}
	samples := make([]int16, sampleRate)
	for i := range samples {
		angle := 2 * math.Pi * float64(hz) * float64(i) / sampleRate
		samples[i] = int16(toneLevel * math.Sin(angle))
	}
	made, _ := tones.LoadOrStore(hz, PCM(samples))
	return made.(*Sound)
}

// PCM repeats any 8 kHz samples: a prompt, a voice, a mixture of tones. No
// samples at all are silence.
func PCM(samples []int16) *Sound {
	if len(samples) == 0 {
		samples = make([]int16, frameSamples)
	}
	s := &Sound{alaw: make([]byte, len(samples)), ulaw: make([]byte, len(samples))}
	for i, sample := range samples {
		s.alaw[i], s.ulaw[i] = encodeALaw(sample), encodeULaw(sample)
	}
	return s
}

// frame copies the 20 ms that begin at sample position into out.
func (s *Sound) frame(out []byte, payloadType byte, position uint32) {
	source := s.alaw
	if payloadType == payloadULaw {
		source = s.ulaw
	}
	at := int(position) % len(source)
	for filled := 0; filled < len(out); at = 0 {
		filled += copy(out[filled:], source[at:])
	}
}
