"""What is done to a learned card before it is served: calibration, caps, hand, positive only."""
