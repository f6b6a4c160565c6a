"""The parts that screens are made of. Each draws values and calls back; none knows the model."""
