package phone

// HangUpWhile hangs up while the host cannot read its socket: what the other
// side sends meanwhile crosses our message for certain.
func (c *Call) HangUpWhile(meanwhile func()) {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	meanwhile()
	c.hangUp()
}

// AnswerAgain repeats our 200 as if its ACK had been lost.
func (c *Call) AnswerAgain() {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	c.host.transmit(c.phone, c.inviteTx.peer, c.inviteTx.last, noteAgain)
}
