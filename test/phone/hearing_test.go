package phone

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"pgregory.net/rapid"
)

func TestG711KeepsASampleWithinItsStep(t *testing.T) {
	for sample := -32768; sample < 32768; sample += 7 {
		allowed := math.Abs(float64(sample))/32 + 16
		for name, got := range map[string]int16{
			"a-law": fromALaw[encodeALaw(int16(sample))], "µ-law": fromULaw[encodeULaw(int16(sample))],
		} {
			if math.Abs(float64(int(got)-sample)) > allowed && !(sample < -32600 || sample > 32600) {
				t.Fatalf("%s: %d came back as %d", name, sample, got)
			}
		}
	}
}

func TestG711CodesSurviveARoundTrip(t *testing.T) {
	same := func(code byte) bool {
		ulaw := encodeULaw(fromULaw[code])
		return encodeALaw(fromALaw[code]) == code && fromULaw[ulaw] == fromULaw[code]
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 2000}); err != nil {
		t.Fatal(err)
	}
	// Three values that everybody's tables agree on.
	if fromALaw[0xd5] != 8 || fromALaw[0x55] != -8 || fromULaw[0xff] != 0 {
		t.Fatalf("decoded %d %d %d", fromALaw[0xd5], fromALaw[0x55], fromULaw[0xff])
	}
}

// listened is a window of so many samples of a sound, as a leg would judge it.
func listened(sound *Sound, payload byte, samples int) Window {
	frame, decoded := make([]byte, frameSamples), []int16{}
	table := &fromALaw
	if payload == payloadULaw {
		table = &fromULaw
	}
	for position := 0; len(decoded) < samples; position += frameSamples {
		sound.frame(frame, payload, uint32(position))
		for _, code := range frame {
			decoded = append(decoded, table[code])
		}
	}
	w := Window{Start: time.Unix(0, 0), Packets: samples / frameSamples}
	new(analyser).judge(&w, decoded)
	return w
}

func TestEveryToneIsToldFromItsNeighboursTwelveHertzAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hz := rapid.IntRange(300, 3300).Draw(t, "hz")
		payload := rapid.SampledFrom([]byte{payloadALaw, payloadULaw}).Draw(t, "codec")
		samples := frameSamples * rapid.IntRange(18, 27).Draw(t, "packets")
		w := listened(Tone(hz), payload, samples)
		if !w.Has(hz) || w.Kind() != Single {
			t.Fatalf("%d Hz heard as %s: %+v", hz, w, w.Peaks)
		}
		if w.Has(hz-12) || w.Has(hz+12) {
			t.Fatalf("%d Hz heard as its neighbour: %+v", hz, w.Peaks)
		}
	})
}

func TestTwoTonesAtOnceAreBothHeard(t *testing.T) {
	mixed := make([]int16, sampleRate)
	for i := range mixed {
		angle := 2 * math.Pi * float64(i) / sampleRate
		mixed[i] = int16(5000*math.Sin(440*angle) + 5000*math.Sin(900*angle))
	}
	w := listened(PCM(mixed), payloadALaw, 4000)
	if !w.Has(440) || !w.Has(900) || w.Has(670) || w.Kind() != Mixed {
		t.Fatalf("heard %s: %+v", w, w.Peaks)
	}
}

func TestSilenceComfortAndNoiseAreTold(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	noise := make([]int16, sampleRate)
	for i := range noise {
		noise[i] = int16(random.IntN(8000) - 4000)
	}
	for want, sound := range map[Kind]*Sound{Mixed: PCM(noise), Quiet: Comfort()} {
		if w := listened(sound, payloadALaw, 4000); w.Kind() != want {
			t.Errorf("%s heard as %s at %.0f dB: %+v", want, w, w.Level, w.Peaks)
		}
	}
	if w := listened(Silence(), payloadALaw, 4000); w.Kind() != Quiet {
		t.Errorf("silence heard as %s at %.0f dB", w, w.Level)
	}
	if kind := (Window{}).Kind(); kind != NoRTP {
		t.Errorf("no packets heard as %s", kind)
	}
}

func TestATimelineTellsItsRuns(t *testing.T) {
	tone, quiet := listened(Tone(440), payloadALaw, 4000), listened(Silence(), payloadALaw, 4000)
	line := Timeline{quiet, tone, tone, {}, tone}
	if got := line.String(); got != "silence×1 440×2 none×1 440×1" || line.Has(440) != 3 {
		t.Fatalf("told as %q", got)
	}
}

func TestAToneNeverClicksAtItsSeam(t *testing.T) {
	one, two := make([]byte, frameSamples), make([]byte, frameSamples)
	tone := Tone(441)
	for second := range uint32(3) {
		tone.frame(one, payloadALaw, second*sampleRate+40)
		tone.frame(two, payloadALaw, 40)
		if string(one) != string(two) {
			t.Fatal("a tone of whole hertz does not repeat each second")
		}
	}
}

func FuzzSIPMessage(f *testing.F) {
	f.Add("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n")
	f.Add("SIP/2.0 200 OK\r\nv: SIP/2.0/UDP h;branch=z9\r\nf: <sip:a@b>\r\nt: <sip:b>\r\ni: 1\r\nCSeq: 1 INVITE\r\n\r\nv=0")
	f.Fuzz(func(t *testing.T, raw string) {
		m := &Message{Raw: raw}
		if len(raw) > 0 && strings.ContainsAny(raw, "\x00") {
			return
		}
		_, err := parse(raw)
		_, _ = userOf(m.Header("From"))
		_ = m.Method() + m.Body() + renderResponse(m, 200, "tag", "", nil)
		if err == nil && m.StartLine() == "" {
			t.Fatal("a message without a first line was accepted")
		}
	})
}

func FuzzSessionDescription(f *testing.F) {
	f.Add("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n")
	f.Add("m=video 1 x 0\r\nm=audio 99999 RTP/AVP 0\r\nc=IN IP6 ::1")
	f.Fuzz(func(t *testing.T, body string) {
		s, err := parseSession(body)
		if err == nil && (len(s.audio) == 0 || !s.media.Addr().Is4() || s.media.Port() == 0) {
			t.Fatalf("accepted without an address or a codec: %+v", s)
		}
	})
}

func FuzzPacket(f *testing.F) {
	f.Add([]byte{0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xd5, 0xd5})
	f.Add([]byte{0xb0, 101, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 10, 0, 160})
	f.Fuzz(func(t *testing.T, data []byte) {
		h := &Host{exchange: newExchange(localhost)}
		p := &Phone{host: h}
		l := &leg{exchange: h.exchange, call: &Call{phone: p, host: h}}
		now := time.Now()
		l.opened, l.window = now, Window{Start: now}
		l.packet(now, data)
		l.packet(now.Add(WindowLength), data)
		h.exchange.judgeAll()
		if l.window.Lost < 0 {
			t.Fatal("a negative loss")
		}
	})
}

func BenchmarkJudgeOneWindow(b *testing.B) {
	samples := make([]int16, 4000)
	for i := range samples {
		samples[i] = fromALaw[Tone(777).alaw[i]]
	}
	a := new(analyser)
	for b.Loop() {
		var w Window
		a.judge(&w, samples)
	}
}

var localhost = netip.MustParseAddr("127.0.0.1")
