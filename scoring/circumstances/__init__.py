"""What is nobody's fault or a matter of fact: shops, programmes, pauses, platform failures."""
