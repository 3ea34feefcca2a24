package phone

import (
	"fmt"
	"math"
	"math/cmplx"
	"strings"
	"sync"
	"time"
)

// WindowLength is the length of the stretches in which a leg judges what it
// hears. Half a second separates tones 12 Hz apart, and a slip of a jitter
// buffer spoils one window and not the judgement of a whole call.
const WindowLength = 500 * time.Millisecond

const (
	silenceLevel = -45.0 // dB below a full-scale sine: below it nobody is heard
	toneShare    = 0.40  // of a window's energy that a tone must hold to count
	pureShare    = 0.80  // of a window's energy in its strongest tone: nothing else is heard
	toneWidth    = 5.0   // Hz either side within which a peak is taken for a tone
)

// Peak is one frequency in a window.
type Peak struct {
	Hz    float64
	Share float64 // of the window's energy, 0 to 1
}

// Window is half a second as a leg heard it, by the kernel's time of arrival.
type Window struct {
	Start   time.Time
	Packets int
	Lost    int     // by sequence number
	Level   float64 // dB relative to a full-scale sine; -Inf without any energy
	Peaks   []Peak  // strongest first, at most three
}

// Kind puts a window into one of four classes.
type Kind string

// The kinds of a window.
const (
	NoRTP  Kind = "none"    // no packet came
	Quiet  Kind = "silence" // packets without energy
	Single Kind = "tone"    // one frequency and little else
	Mixed  Kind = "sound"   // energy of many frequencies: a prompt, music, several tones
)

// Kind of the window.
func (w Window) Kind() Kind {
	switch {
	case w.Packets == 0:
		return NoRTP
	case w.Level < silenceLevel:
		return Quiet
	case len(w.Peaks) > 0 && w.Peaks[0].Share >= pureShare:
		return Single
	}
	return Mixed
}

// Has tells whether the tone is clearly in the window, alone or beside others
// of like strength.
func (w Window) Has(hz int) bool { return w.has(hz, toneShare) }

// HasFaintly tells whether the tone holds at least the given share of the
// window's energy: for a conference, a whisper, a tone under music.
func (w Window) HasFaintly(hz int, share float64) bool { return w.has(hz, share) }

func (w Window) has(hz int, share float64) bool {
	if w.Level < silenceLevel {
		return false
	}
	for _, peak := range w.Peaks {
		if math.Abs(peak.Hz-float64(hz)) <= toneWidth && peak.Share >= share {
			return true
		}
	}
	return false
}

// String is "440" for a tone and the kind for all else.
func (w Window) String() string {
	if kind := w.Kind(); kind != Single {
		return string(kind)
	}
	return fmt.Sprintf("%.0f", w.Peaks[0].Hz)
}

// Timeline is all that a leg heard, in order.
type Timeline []Window

// String tells the timeline as runs, such as "silence×2 440×6 sound×3 900×4".
func (t Timeline) String() string {
	var runs []string
	for i := 0; i < len(t); {
		next := i
		for next < len(t) && sameSound(t[next], t[i]) {
			next++
		}
		runs = append(runs, fmt.Sprintf("%s×%d", t[i], next-i))
		i = next
	}
	return strings.Join(runs, " ")
}

func sameSound(a, b Window) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	return a.Kind() != Single || math.Abs(a.Peaks[0].Hz-b.Peaks[0].Hz) <= toneWidth
}

// Count of windows that the test accepts.
func (t Timeline) Count(accept func(Window) bool) int {
	n := 0
	for _, w := range t {
		if accept(w) {
			n++
		}
	}
	return n
}

// Has counts the windows with this tone.
func (t Timeline) Has(hz int) int {
	return t.Count(func(w Window) bool { return w.Has(hz) })
}

// Between keeps the windows that lie wholly between two times.
func (t Timeline) Between(from, to time.Time) Timeline {
	var kept Timeline
	for _, w := range t {
		if !w.Start.Before(from) && !w.Start.Add(WindowLength).After(to) {
			kept = append(kept, w)
		}
	}
	return kept
}

const (
	spectrumSize = 4096 // the next power of two above half a second of samples
)

// analyser turns samples into peaks. It keeps its buffers, so one belongs to
// one goroutine.
type analyser struct {
	input [spectrumSize / 2]complex128
	power [spectrumSize/2 + 1]float64
	work  fourier
}

// judge fills in level and peaks of the window from its samples.
func (a *analyser) judge(w *Window, samples []int16) {
	samples = samples[:min(len(samples), spectrumSize)]
	w.Level = level(samples)
	if w.Level < silenceLevel || len(samples) < frameSamples {
		return
	}
	a.spectrum(samples)
	total := 0.0
	for _, p := range a.power {
		total += p
	}
	// A tone fills so many bins either side after a Hann window; more, where a
	// window holds only some of its packets.
	width := 1 + 2*spectrumSize/len(samples)
	for range 3 {
		peak, ok := a.takePeak(total, width)
		if !ok {
			return
		}
		w.Peaks = append(w.Peaks, peak)
	}
}

func level(samples []int16) float64 {
	if len(samples) == 0 {
		return math.Inf(-1)
	}
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return 10 * math.Log10(2*sum/float64(len(samples))/(32768*32768))
}

// spectrum computes the power in each bin. Two real samples ride in one
// complex number, which halves the work of the transform.
func (a *analyser) spectrum(samples []int16) {
	n := len(samples)
	hann := hannWindow(n)
	for i := range a.input {
		var even, odd float64
		if 2*i < n {
			even = float64(samples[2*i]) * hann[2*i]
		}
		if 2*i+1 < n {
			odd = float64(samples[2*i+1]) * hann[2*i+1]
		}
		a.input[i] = complex(even, odd)
	}
	a.work.transform(a.input[:])
	const half = spectrumSize / 2
	factors := untwist()
	for k := range a.power {
		z, mirror := a.input[k%half], cmplx.Conj(a.input[(half-k)%half])
		even, odd := (z+mirror)*0.5, (z-mirror)*0.5
		value := even + factors[k]*odd
		a.power[k] = real(value)*real(value) + imag(value)*imag(value)
	}
	a.power[0], a.power[1] = 0, 0 // a constant offset is no sound
}

// takePeak finds the strongest bin, measures it and takes it out.
func (a *analyser) takePeak(total float64, width int) (Peak, bool) {
	best := 0
	for k, p := range a.power {
		if p > a.power[best] {
			best = k
		}
	}
	if a.power[best] == 0 {
		return Peak{}, false
	}
	sum, moment := 0.0, 0.0
	for k := max(best-width, 0); k <= min(best+width, len(a.power)-1); k++ {
		sum += a.power[k]
		moment += a.power[k] * float64(k)
		a.power[k] = 0
	}
	peak := Peak{Hz: moment / sum * sampleRate / spectrumSize, Share: sum / total}
	return peak, peak.Share > 0.02
}

var hannCache sync.Map // length → []float64

func hannWindow(n int) []float64 {
	if known, ok := hannCache.Load(n); ok {
		return known.([]float64)
	}
	w := make([]float64, n)
	for i := range w {
		w[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))
	}
	hannCache.Store(n, w)
	return w
}

// untwist holds the factors that part the packed real transform:
// -i·exp(-2πik/N).
var untwist = sync.OnceValue(func() []complex128 {
	factors := make([]complex128, spectrumSize/2+1)
	for k := range factors {
		factors[k] = -1i * cmplx.Exp(complex(0, -2*math.Pi*float64(k)/spectrumSize))
	}
	return factors
})

// fourier is the ordinary radix-2 transform, in place, with its factors kept.
type fourier struct {
	factors []complex128
	order   []int
}

func (f *fourier) transform(x []complex128) {
	n := len(x)
	if len(f.order) != n {
		f.prepare(n)
	}
	for i, j := range f.order {
		if i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half, step := size/2, n/size
		for start := 0; start < n; start += size {
			for k := range half {
				low, high := start+k, start+k+half
				twisted := x[high] * f.factors[k*step]
				x[low], x[high] = x[low]+twisted, x[low]-twisted
			}
		}
	}
}

func (f *fourier) prepare(n int) {
	f.factors = make([]complex128, n/2)
	for k := range f.factors {
		f.factors[k] = cmplx.Exp(complex(0, -2*math.Pi*float64(k)/float64(n)))
	}
	f.order = make([]int, n)
	for i := 1; i < n; i++ {
		f.order[i] = f.order[i/2] / 2
		if i%2 == 1 {
			f.order[i] += n / 2
		}
	}
}

// Gap is a stretch without any packet.
type Gap struct {
	Start  time.Time
	Length time.Duration
}
