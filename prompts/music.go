package prompts

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
)

const (
	// musicSeconds is the length of the loop.
	musicSeconds = 60
	// musicName is the file's name without its ending.
	musicName = "calm"
	// musicLevel is quieter than speech, so that a prompt stands out: -23 dB.
	musicLevel = 0.07
)

// chords are the notes in hertz, all within what a telephone carries: A minor
// seventh, F major seventh, C major, G with an added sixth.
var chords = [][]float64{
	{440.00, 523.25, 659.25, 783.99},
	{349.23, 440.00, 523.25, 659.25},
	{392.00, 523.25, 659.25, 783.99},
	{392.00, 493.88, 587.33, 659.25},
}

// Music writes the waiting music into dir, as Asterisk's music on hold of mode
// "files" wants it, unless it is there.
func Music(dir string) error {
	path := filepath.Join(dir, musicName)
	size := int64(musicSeconds * rate)
	if info, err := os.Stat(path + ".alaw"); err == nil && info.Size() == size {
		return nil
	}
	s := music()
	if err := writeFile(path+".wav", s.wav()); err != nil {
		return fmt.Errorf("prompts: make music: %w", err)
	}
	if err := writeFile(path+".alaw", s.alaw()); err != nil {
		return fmt.Errorf("prompts: make music: %w", err)
	}
	return nil
}

// music is one slow chord after the other, each note swelling and fading while
// the next begins. A note that sounds past the end goes on at the beginning, so
// that the loop has no seam, and no moment of it is silent.
func music() sound {
	const n = musicSeconds * rate
	const step = n / 40 // a note begins every 1.5 seconds
	mix := make([]float64, n)
	for i := range 40 {
		chord := chords[i/5%len(chords)]
		note := chord[[]int{0, 2, 1, 3, 2}[i%5]]
		for t := range 3 * step {
			swell := math.Pow(math.Sin(math.Pi*float64(t)/(3*step)), 2)
			phase := 2 * math.Pi * note * float64(t) / rate
			mix[(i*step+t)%n] += swell * (math.Sin(phase) + 0.2*math.Sin(2*phase))
		}
	}
	var sum float64
	for _, v := range mix {
		sum += v * v
	}
	gain := musicLevel / math.Sqrt(sum/n)
	s := make(sound, n)
	for i, v := range mix {
		s[i] = int16(math.Round(32767 * gain * v))
	}
	return s
}
