"""Prices of options."""

from tests.real_code.case import case

R = "vollib.ref_python"
L = "py_lets_be_rational.lets_be_rational"

CASES = (
    case(f"{R}.black:black", "F K t r sigma", "c", 100.0, 105.0, 0.5, 0.02, 0.2),
    case(f"{R}.black:d1", "F K t sigma", 100.0, 105.0, 0.5, 0.02, 0.2),
    case(f"{R}.black_scholes:black_scholes", "S K t r sigma", "p", 60.0, 65.0, 0.25, 0.08, 0.3),
    case(f"{R}.black_scholes.greeks.analytical:delta", "S t r sigma", "c", 49.0, 50.0, 0.3846, 0.05, 0.2),
    case(f"{R}.black_scholes.greeks.analytical:theta", "S t r sigma", "c", 49.0, 50.0, 0.3846, 0.05, 0.2),
    case(f"{R}.black_scholes.greeks.analytical:vega", "S t r sigma", "c", 49.0, 50.0, 0.3846, 0.05, 0.2),
    case(f"{R}.black_scholes_merton:black_scholes_merton", "S K t r sigma q", "p", 100.0, 90.0, 0.5, 0.1, 0.2, 0.03),
    case(f"{R}.black_scholes.implied_volatility:implied_volatility", "price S", 5.87, 100.0, 100.0, 0.5, 0.01, "c"),
    case("vollib.helpers.distributions:CND", "x", 0.4),
    case("vollib.helpers.distributions:CBND", "x y", 0.4, -0.3, 0.2),
    case(f"{L}:_asymptotic_expansion_of_normalized_black_call", "h t", -12.0, 0.1),
    case(f"{L}:_small_t_expansion_of_normalized_black_call", "h t", -0.5, 0.1),
    case(f"{L}:normalised_black_call", "x s", -0.3, 0.6),
    case(f"{L}:normalised_vega", "x s", -0.3, 0.6),
)
