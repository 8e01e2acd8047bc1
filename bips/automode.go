package bips

// modeAtFirst is what mode Auto begins with. Where there is a frame it is the newest one,
// whose caps will decide; else the caps that the producer announced do for the time being.
func (a *attachment) modeAtFirst() Mode {
	if a.head() > 0 || FramesStandAlone(a.announcedCaps()) {
		return Latest
	}
	return Every
}

// announcedCaps are those that the producer set last. No frame refers to them, so that they
// may be written over while they are read: they are a hint.
func (a *attachment) announcedCaps() (caps string) {
	var newest uint64
	for i := range a.pool.geometry.caps {
		r, err := a.pool.capsRecord(i)
		if err != nil {
			continue
		}
		if v := r.version.Load(); v > newest {
			newest = v
			caps = string(r.text[:min(uint64(r.length.Load()), uint64(len(r.text)))])
		}
	}
	return caps
}

// decideMode goes on in the mode that the caps of the frame just delivered want: by the steps
// of who is waited for no longer (U4), or now (U5). What is gone before that takes effect was not kept for a
// reader of every frame, and counts as lost.
func (a *attachment) decideMode(caps string) {
	a.undecided, a.modeCaps = false, caps
	mode := Every
	if FramesStandAlone(caps) {
		mode = Latest
	}
	if mode == a.mode {
		return
	}
	a.mode = mode
	switch {
	case a.standing.blocking.Load():
		a.unblock()
	case a.wantsToBlock():
		a.block()
	}
}
