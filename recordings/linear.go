package recordings

// linear holds the 16-bit sample of each A-law byte (ITU-T G.711).
var linear = func() (t [256]int16) {
	for i := range t {
		code := byte(i) ^ 0x55
		mantissa, exponent := int16(code&0x0F), code>>4&7
		sample := mantissa<<4 + 8
		if exponent > 0 {
			sample = (sample + 0x100) << (exponent - 1)
		}
		if code&0x80 == 0 {
			sample = -sample
		}
		t[i] = sample
	}
	return t
}()

// Linear is the 16-bit sample of an A-law byte.
func Linear(code byte) int16 { return linear[code] }
