package bips

import (
	"fmt"
	"runtime/debug"

	"github.com/bips-ipc/bips/internal/crashpoint"
)

// RequestKeyFrame asks the producer for a frame that decoding can begin with. It never waits, and costs the
// frames' path nothing. While no pool is attached the request is remembered, and made when one is. Whether and when
// the producer follows it is the producer's affair.
//
// Errors: [ErrClosed], [ErrDamaged].
func (c *Consumer) RequestKeyFrame() (err error) {
	defer recoverFaultOf(c.name, &err, debug.SetPanicOnFault(true))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return fmt.Errorf("pool %q: %w", c.name, ErrClosed)
	}
	if c.attachment == nil {
		c.wantsKeyFrame = true
		return nil
	}
	c.attachment.requestKeyFrame()
	return nil
}

// requestKeyFrame is F1 and F2. Called by one thread at a time.
func (a *attachment) requestKeyFrame() {
	a.seat.KeyFrames.Add(1)
	crashpoint.Hit("F1")
	a.peer.knock()
	crashpoint.Hit("F2")
}

// KeyFrameRequests returns a channel that receives a value after a consumer has asked for a key frame, one for
// all requests since the last was received.
func (p *Producer) KeyFrameRequests() <-chan struct{} { return p.keyFrames }

// lookForKeyFrameRequests is F3. Called with p.mu held.
func (p *Producer) lookForKeyFrameRequests() {
	asked := p.own.keyFramesAsked()
	if p.own.before != nil && p.own.before.keyFramesAsked() {
		asked = true
	}
	if !asked {
		return
	}
	crashpoint.Hit("F3")
	select {
	case p.keyFrames <- struct{}{}:
	default: // one is waiting to be received
	}
}

func (o *ownPool) keyFramesAsked() (asked bool) {
	for i, seat := range o.seats.seats {
		if count := seat.KeyFrames.Load(); count != o.views[i].keyFrames {
			o.views[i].keyFrames = count
			asked = true
		}
	}
	return asked
}
