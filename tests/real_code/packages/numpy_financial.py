"""Loans and investments."""

import numpy as np

from tests.real_code.case import case

CASES = (
    case("numpy_financial:fv", "rate pmt pv", 0.05 / 12, 120, -100.0, -100.0),
    case("numpy_financial:pv", "rate pmt", 0.05 / 12, 120, -100.0, 15692.93),
    case("numpy_financial:pmt", "rate pv", 0.075 / 12, 180, 200000.0),
    case("numpy_financial:npv", "rate values", 0.08, np.array([-40000.0, 5000.0, 8000.0, 12000.0, 30000.0])),
    case("numpy_financial:nper", "rate pmt pv", 0.07 / 12, -150.0, 8000.0),
    case("numpy_financial:rate", "pmt pv", 10, -100.0, 900.0, 0.0),
    case("numpy_financial:mirr", "values finance_rate", np.array([-100.0, 39.0, 59.0, 55.0, 20.0]), 0.1, 0.12),
)
