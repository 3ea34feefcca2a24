// Command dialer makes the calls of the redressal process: it runs the dialer,
// and lets an operator look at what is due and why it is not being dialled.
package main

import "powerline/cmd/operator"

func main() { operator.Main("dialer", newRoot) }
