package phone

// The G.711 tables are filled once: decoding is one look-up, and sounds are
// encoded when they are made, never while a call is talking.
var (
	fromALaw [256]int16
	fromULaw [256]int16
)

func init() {
	for i := range 256 {
		fromALaw[i] = decodeALaw(byte(i))
		fromULaw[i] = decodeULaw(byte(i))
	}
}

func decodeALaw(code byte) int16 {
	code ^= 0x55
	sample := int(code&0x0f)<<4 + 8
	if segment := int(code&0x70) >> 4; segment > 0 {
		sample = (sample + 0x100) << (segment - 1)
	}
	if code&0x80 == 0 {
		return int16(-sample)
	}
	return int16(sample)
}

func encodeALaw(sample int16) byte {
	sign, magnitude := byte(0x80), int(sample)
	if magnitude < 0 {
		sign, magnitude = 0, -magnitude-1
	}
	magnitude >>= 4
	segment := 0
	for rest := magnitude >> 4; rest > 0; rest >>= 1 {
		segment++
	}
	code := magnitude
	if segment > 0 {
		code = segment<<4 | (magnitude>>(segment-1))&0x0f
	}
	return (sign | byte(code)) ^ 0x55
}

func decodeULaw(code byte) int16 {
	code = ^code
	sample := (int(code&0x0f)<<3+0x84)<<(code&0x70>>4) - 0x84
	if code&0x80 != 0 {
		return int16(-sample)
	}
	return int16(sample)
}

func encodeULaw(sample int16) byte {
	const bias, clip = 0x84, 32635
	sign, magnitude := byte(0), int(sample)
	if magnitude < 0 {
		sign, magnitude = 0x80, -magnitude
	}
	magnitude = min(magnitude, clip) + bias
	segment := 0
	for rest := magnitude >> 8; rest > 0; rest >>= 1 {
		segment++
	}
	return ^(sign | byte(segment<<4) | byte(magnitude>>(segment+3))&0x0f)
}
